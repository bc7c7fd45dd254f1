//! Generates client and server of etcd's protocol from `proto/etcd.proto`. No protoc: protox reads the file.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto/etcd.proto");
    let files = protox::compile(["proto/etcd.proto"], ["proto"])?;
    let build = tonic_prost_build::configure().build_transport(false);
    build.emit_rerun_if_changed(false).compile_fds(files)?;
    Ok(())
}
