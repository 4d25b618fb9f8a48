//! `passerelle doctor`
use crate::Verdict;
/// `passerelle doctor`
#[derive(Debug, clap::Args)]
pub struct Arguments {}
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {}
pub async fn run(_: Arguments) -> Result<Verdict, DoctorError> {
    Ok(Verdict::Fine)
}
