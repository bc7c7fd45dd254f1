use super::*;

#[test]
fn every_step_runs_and_one_failure_fails_the_whole() {
    let good: Step = ("good", || Ok(()));
    let bad: Step = ("bad", || bail!("on purpose"));
    assert!(run_list(&[good, good]).is_ok());
    let error = run_list(&[bad, good, bad]).unwrap_err();
    assert_eq!(error.to_string(), "failed: bad, bad");
}
