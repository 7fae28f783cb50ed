//! Has the crate built anew when a file of the page comes or goes: `include_dir!` tells cargo only
//! of those that it found.

fn main() {
    println!("cargo::rerun-if-changed=../../client/page/dist");
}
