//! The root of the workspace. There is no code here: the rooms are the folders beside this file, and
//! `harness/ARCHITECTURE.md` says what is in each.
