// Package deploy holds what Endscope is installed with: units for systemd, container files, and manifests for Kubernetes.
//
// It owns those files and the checks that they fit the programs: every key, flag and variable is one that the programs read, labels give the
// identity that the files claim, and the Role allows what agent/kube asks for and no more. It does not own the programs, nor dashboards
// (deploy/grafana). It has no code besides tests, which may import everything of ours.
package deploy
