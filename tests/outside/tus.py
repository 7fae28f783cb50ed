"""tuspy as it comes, but patient: python tus.py ENDPOINT FILE"""

import sys

from tusclient.client import TusClient

endpoint, file = sys.argv[1:]
uploader = TusClient(endpoint).uploader(
    file, retries=100, retry_delay=0, metadata={"filename": "a name that is nobody's business"}
)
uploader.upload()
print(uploader.url)
