//! An object of each kind, with every field that a server may send.

use serde_json::{Value, json};

use crate::api::{Resource, SOURCED, WORKLOAD};

/// An object with all that metadata may hold.
pub(super) fn with_metadata(mut object: Value) -> Value {
    object["metadata"] = json!({
        "name": "web", "namespace": "shop", "generateName": "web-", "selfLink": "/x", "uid": "u-1",
        "resourceVersion": "1234", "generation": 3, "creationTimestamp": "2026-01-01T00:00:00Z",
        "deletionTimestamp": "2026-01-02T00:00:00Z", "deletionGracePeriodSeconds": 30,
        "labels": {
            "app": "web", "kubernetes.io/service-name": "web", "service.kubernetes.io/headless": "",
            "topology.kubernetes.io/region": "eu", "topology.kubernetes.io/zone": "eu-1a", "other": "x",
        },
        "annotations": {
            "external-dns.alpha.kubernetes.io/hostname": "web.example.com", "note": "n", "long": "z".repeat(5_000),
            "kubectl.kubernetes.io/last-applied-configuration": "{\"kind\":\"Service\"}",
        },
        "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": true}],
        "finalizers": ["a/b"],
        "managedFields": [{
            "manager": "kubectl", "operation": "Apply", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:ports": {"k:{\"port\":80}": {".": {}}}}},
        }],
    });
    object
}

/// A sample of each kind that a member is watched for.
pub(super) fn samples() -> Vec<(Resource, Value)> {
    let bodies = [
        service(),
        slice(),
        ingress(),
        node(),
        pod(),
        json!({"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active", "conditions": [condition()]}}),
        json!({
            "spec": {"host": "web.example.com", "to": {"kind": "Service", "name": "web"}},
            "status": {"ingress": [{
                "host": "web.example.com", "routerName": "default", "wildcardPolicy": "None",
                "routerCanonicalHostname": "router.example.com", "conditions": [condition()],
            }]},
        }),
        json!({
            "spec": {"gatewayClassName": "c", "listeners": [listener()], "allowedListeners": {"namespaces": {"from": "All"}}},
            "status": {"addresses": [{"type": "IPAddress", "value": "192.0.2.1"}], "conditions": [condition()]},
        }),
        json!({
            "spec": {"parentRef": {"name": "g"}, "listeners": [listener()]},
            "status": {"conditions": [condition()], "listeners": [{"name": "l", "conditions": [condition()]}]},
        }),
        route(),
        route(),
        route(),
        route(),
        route(),
        json!({
            "spec": {
                "selector": {"istio": "ingressgateway"},
                "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["shop/web.example.com"]}],
            },
            "status": {"x": 1},
        }),
        json!({
            "spec": {"hosts": ["web.example.com"], "gateways": ["g", "mesh"], "exportTo": ["*"], "http": [{"route": []}]},
            "status": {},
        }),
    ];
    WORKLOAD.iter().chain(&SOURCED).copied().zip(bodies.map(with_metadata)).collect()
}

fn condition() -> Value {
    json!({
        "type": "Ready", "status": "True", "reason": "R", "message": "m", "observedGeneration": 1,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    })
}

fn service() -> Value {
    json!({
        "spec": {
            "type": "LoadBalancer", "clusterIP": "10.96.7.1", "clusterIPs": ["10.96.7.1"], "externalIPs": ["192.0.2.9"],
            "externalName": "", "externalTrafficPolicy": "Local", "internalTrafficPolicy": "Cluster",
            "healthCheckNodePort": 30_000, "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "loadBalancerClass": "c", "loadBalancerIP": "192.0.2.1", "loadBalancerSourceRanges": ["0.0.0.0/0"],
            "allocateLoadBalancerNodePorts": true, "publishNotReadyAddresses": true, "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10}}, "trafficDistribution": "PreferClose",
            "selector": {"app": "web"},
            "ports": [
                {"name": "https", "protocol": "TCP", "port": 443, "targetPort": 8443, "nodePort": 31_443, "appProtocol": "x"},
                {"name": "http", "port": 80, "targetPort": "http"},
            ],
        },
        "status": {
            "conditions": [condition()],
            "loadBalancer": {"ingress": [
                {"ip": "192.0.2.1", "ipMode": "VIP", "ports": [{"port": 443, "protocol": "TCP", "error": "e"}]},
                {"hostname": "lb.example.com"},
            ]},
        },
    })
}

fn slice() -> Value {
    json!({
        "addressType": "IPv4",
        "endpoints": [{
            "addresses": ["10.1.2.3"], "conditions": {"ready": true, "serving": true, "terminating": false},
            "hostname": "web-0", "nodeName": "node-1", "zone": "eu-1a", "deprecatedTopology": {"a": "b"},
            "hints": {"forZones": [{"name": "eu-1a"}], "forNodes": [{"name": "node-1"}]},
            "targetRef": {
                "kind": "Pod", "namespace": "shop", "name": "web-0", "uid": "u", "resourceVersion": "7", "fieldPath": "f",
            },
        }, {"addresses": ["10.1.2.4"], "conditions": {"ready": false}}],
        "ports": [{"name": "https", "protocol": "TCP", "port": 8443, "appProtocol": "x"}],
    })
}

fn ingress() -> Value {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    json!({
        "spec": {
            "ingressClassName": "nginx", "defaultBackend": backend,
            "tls": [{"hosts": ["web.example.com"], "secretName": "s"}],
            "rules": [{"host": "web.example.com", "http": {"paths": [
                {"path": "/", "pathType": "Prefix", "backend": backend},
                {"pathType": "Exact", "backend": {"resource": {"apiGroup": "g", "kind": "k", "name": "n"}}},
            ]}}],
        },
        "status": {"loadBalancer": {"ingress": [
            {"ip": "192.0.2.3", "hostname": "lb.example.com", "ports": [{"port": 443, "protocol": "TCP", "error": "e"}]},
        ]}},
    })
}

fn node() -> Value {
    json!({
        "spec": {
            "podCIDR": "10.1.0.0/24", "podCIDRs": ["10.1.0.0/24"], "providerID": "p", "unschedulable": true,
            "taints": [{"key": "k", "value": "v", "effect": "NoSchedule", "timeAdded": "2026-01-01T00:00:00Z"}],
        },
        "status": {
            "addresses": [{"type": "ExternalIP", "address": "192.0.2.4"}, {"type": "Hostname", "address": "n"}],
            "capacity": {"cpu": "2", "memory": "1Gi"}, "conditions": [condition()],
            "nodeInfo": {
                "architecture": "amd64", "bootID": "b", "containerRuntimeVersion": "c", "kernelVersion": "k",
                "kubeProxyVersion": "p", "kubeletVersion": "v", "machineID": "m", "operatingSystem": "linux",
                "osImage": "i", "systemUUID": "s",
            },
            "images": [{"names": ["a", "b"], "sizeBytes": 7}],
        },
    })
}

fn pod() -> Value {
    json!({
        "spec": {
            "hostname": "web-0", "nodeName": "node-1", "hostNetwork": true, "restartPolicy": "Always",
            "containers": [{
                "name": "web", "image": "web:1", "ports": [{"containerPort": 80, "protocol": "TCP"}],
                "env": [{"name": "A", "value": "b"}], "resources": {"limits": {"cpu": "1"}},
                "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 10},
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            }],
            "volumes": [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}],
            "tolerations": [{"key": "k", "operator": "Exists", "tolerationSeconds": 300}],
        },
        "status": {
            "phase": "Running", "podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}], "hostIP": "192.0.2.4",
            "conditions": [condition()], "startTime": "2026-01-01T00:00:00Z",
            "containerStatuses": [{
                "name": "web", "image": "web:1", "imageID": "i", "ready": true, "restartCount": 0,
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            }],
        },
    })
}

fn listener() -> Value {
    json!({
        "name": "l", "hostname": "*.example.com", "port": 443, "protocol": "HTTPS",
        "allowedRoutes": {
            "namespaces": {"from": "Selector", "selector": {
                "matchLabels": {"a": "b"},
                "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}],
            }},
            "kinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
        },
        "tls": {"mode": "Terminate"},
    })
}

fn route() -> Value {
    let parent = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "shop", "name": "g", "sectionName": "l", "port": 443});
    json!({
        "spec": {"hostnames": ["web.example.com"], "parentRefs": [parent], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
        "status": {"parents": [{"parentRef": parent, "controllerName": "c", "conditions": [condition()]}]},
    })
}
