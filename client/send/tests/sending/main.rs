//! The source's tool as it is installed, against a real drop-box over a road that breaks.

mod house;
mod road;
mod run;
mod upload;
