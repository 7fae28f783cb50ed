//! The newsroom's online side: fetches sealed drops onto sticks and pushes what comes back.
