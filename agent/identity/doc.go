// Package identity finds out under which endpoint, deployment and instance an agent pushes, and in which container the model runs.
//
// It owns the sources (what the operator wrote, the environment, the labels of the pod, the labels of the Docker container, the host's
// name), their order, and what counts as a conflict. It does not own the rule for names (scopes), the cluster's API (agent/kube is asked
// through a function), or flags and files (cmd). It may import agent/kube, scopes and internal/config.
//
// There are two strengths. What states a part outright (flag, file, environment, a label of Endscope's own) must agree wherever it is
// stated; contradictions are errors. What only suggests one (labels of KServe, of Helm charts, of Compose, names of owners, the host's
// name) fills a part that nobody states, in a fixed order, and contradicts nothing. No name is changed to make it valid.
package identity
