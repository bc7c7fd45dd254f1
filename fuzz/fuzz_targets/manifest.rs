//! Manifests: any bytes are read without a panic, and twice with the same result.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for file in ["eu-1/some.yaml", "eu-1/some.json"] {
        let manifest = portolan_kube::manifest::read(file, bytes);
        assert!(manifest.whole || !manifest.problems.is_empty(), "a file that did not parse says why");
        for problem in &manifest.problems {
            assert!(problem.place.starts_with(file), "{problem}");
        }
        let again = portolan_kube::manifest::read(file, bytes);
        assert_eq!(again.problems, manifest.problems);
        assert_eq!(again.objects.len(), manifest.objects.len());
    }
});
