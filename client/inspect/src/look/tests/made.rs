//! Films made for a test, atom by atom.

/// An atom.
pub(in crate::look::tests) fn atom(name: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + body.len()).unwrap().to_be_bytes();
    [&length, name, body].concat()
}

/// The numbers, as a film has them.
pub(in crate::look::tests) fn numbers(numbers: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    bytes
}

/// A track of one kind, whose samples each lie in a chunk: where, and how long.
pub(in crate::look::tests) struct Made {
    pub(in crate::look::tests) kind: &'static [u8; 4],
    pub(in crate::look::tests) id: u32,
    pub(in crate::look::tests) entry: Vec<u8>,
    pub(in crate::look::tests) chunks: Vec<(u32, u32)>,
    /// The length of every sample, or zero.
    pub(in crate::look::tests) same: u32,
}

impl Made {
    pub(in crate::look::tests) fn picture(
        coding: &[u8],
        children: &[u8],
        chunks: &[(u32, u32)],
    ) -> Self {
        Self {
            kind: b"vide",
            id: 1,
            entry: atom(coding, &[&[0; 78], children].concat()),
            chunks: chunks.to_vec(),
            same: 0,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.chunks.len()).unwrap();
        let offsets: Vec<u32> = self.chunks.iter().map(|(begin, _)| *begin).collect();
        let sizes: Vec<u32> = self.chunks.iter().map(|(_, length)| *length).collect();
        let sizes = if self.same == 0 { sizes } else { Vec::new() };
        let each = if self.same == 0 { 1 } else { self.chunks[0].1 };
        let table = [
            atom(b"stsd", &[numbers(&[0, 1]), self.entry.clone()].concat()),
            atom(b"stts", &numbers(&[0, 1, count, 1_000])),
            atom(b"stsc", &numbers(&[0, 1, 1, each, 1])),
            atom(
                b"stsz",
                &[numbers(&[0, self.same, each * count]), numbers(&sizes)].concat(),
            ),
            atom(b"stco", &[numbers(&[0, count]), numbers(&offsets)].concat()),
        ]
        .concat();
        let url = atom(b"url ", &numbers(&[1]));
        let dinf = atom(
            b"dinf",
            &[atom(b"dref", &[numbers(&[0, 1]), url].concat())].concat(),
        );
        let head: (&[u8], usize) = if self.kind == b"soun" {
            (b"smhd", 8)
        } else {
            (b"vmhd", 12)
        };
        let minf = [atom(head.0, &vec![0; head.1]), dinf, atom(b"stbl", &table)].concat();
        let handler = [&[0; 8], self.kind.as_slice(), &[0; 13]].concat();
        let mdhd = numbers(&[0, 0, 0, 1_000, 1_000 * count, 0]);
        let mdia = [
            atom(b"mdhd", &mdhd),
            atom(b"hdlr", &handler),
            atom(b"minf", &minf),
        ]
        .concat();
        let mut tkhd = numbers(&[3, 0, 0, self.id]);
        tkhd.resize(84, 0);
        atom(
            b"trak",
            &[atom(b"tkhd", &tkhd), atom(b"mdia", &mdia)].concat(),
        )
    }
}

/// The media begin here in a made film.
pub(in crate::look::tests) const MEDIA: u32 = 28;

/// A film of these tracks, whose media come first.
pub(in crate::look::tests) fn film(media: &[u8], tracks: &[Made]) -> Vec<u8> {
    let mut mvhd = numbers(&[0, 0, 0, 1_000, 0]);
    mvhd.resize(100, 0);
    let tracks: Vec<u8> = tracks.iter().flat_map(Made::bytes).collect();
    [
        atom(b"ftyp", b"isom\0\0\0\0isom"),
        atom(b"mdat", media),
        atom(b"moov", &[atom(b"mvhd", &mvhd), tracks].concat()),
    ]
    .concat()
}

/// The film, with something behind what stands in the atom of this path. Its media come first, so
/// that no chunk moves.
pub(in crate::look::tests) fn grown(film: &[u8], path: &[&[u8; 4]], extra: &[u8]) -> Vec<u8> {
    let mut film = film.to_vec();
    let (mut from, mut to) = (0, film.len());
    for name in path {
        let mut at = from;
        let end = loop {
            assert!(at < to, "{name:?}");
            let length = u32::from_be_bytes(film[at..at + 4].try_into().unwrap());
            let end = at + usize::try_from(length).unwrap();
            if film[at + 4..at + 8] == name[..] {
                let longer = length + u32::try_from(extra.len()).unwrap();
                film[at..at + 4].copy_from_slice(&longer.to_be_bytes());
                break end;
            }
            at = end;
        };
        let skip = match *name {
            b"stsd" | b"dref" => 8,
            b"mp4v" | b"avc1" | b"hvc1" => 78,
            _ => 0,
        };
        (from, to) = (at + 8 + skip, end);
    }
    film.splice(to..to, extra.iter().copied());
    film
}
