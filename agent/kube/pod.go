package kube

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// Pod is what the agent wants to know of a pod.
type Pod struct {
	Namespace, Name, UID string
	Node                 string // empty before the pod is scheduled
	Phase                string // Pending, Running, Succeeded, Failed or Unknown
	Created              time.Time
	Labels, Annotations  map[string]string
	Owners               []Owner
	Containers           []Container // init containers first, in the order of the pod
}

// Owner is what made the pod.
type Owner struct {
	Kind       string `json:"kind"` // ReplicaSet, StatefulSet, DaemonSet, Job …
	Name       string `json:"name"`
	Controller bool   `json:"controller"`
}

// Container is one container of a pod: as it was asked for, and how it is.
type Container struct {
	Name, Image  string // Image as the pod asks for it
	Init         bool   // an init container, which ends before the others begin; a sidecar among them does not
	Ready        bool
	RestartCount int
	State        State // now
	LastState    State // before the last restart; zero when there was none
}

// State is one of three: exactly one pointer is set, or none where the kubelet has not said anything yet.
type State struct {
	Waiting *struct {
		Reason  string `json:"reason"` // ContainerCreating, ImagePullBackOff, CrashLoopBackOff …
		Message string `json:"message"`
	} `json:"waiting"`
	Running *struct {
		StartedAt time.Time `json:"startedAt"`
	} `json:"running"`
	Terminated *Terminated `json:"terminated"`
}

// Terminated is the end of a container.
type Terminated struct {
	Reason      string    `json:"reason"` // Completed, Error, OOMKilled, ContainerCannotRun …
	Message     string    `json:"message"`
	ExitCode    int       `json:"exitCode"`
	Signal      int       `json:"signal"`
	StartedAt   time.Time `json:"startedAt"`
	FinishedAt  time.Time `json:"finishedAt"`
	ContainerID string    `json:"containerID"`
}

// apiPod is the part of v1.Pod that is read.
type apiPod struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Namespace   string            `json:"namespace"`
		Name        string            `json:"name"`
		UID         string            `json:"uid"`
		Created     time.Time         `json:"creationTimestamp"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		Owners      []Owner           `json:"ownerReferences"`
	} `json:"metadata"`
	Spec struct {
		NodeName       string         `json:"nodeName"`
		InitContainers []apiContainer `json:"initContainers"`
		Containers     []apiContainer `json:"containers"`
	} `json:"spec"`
	Status struct {
		Phase                 string      `json:"phase"`
		InitContainerStatuses []apiStatus `json:"initContainerStatuses"`
		ContainerStatuses     []apiStatus `json:"containerStatuses"`
	} `json:"status"`
}

type apiContainer struct {
	Name  string `json:"name"`
	Image string `json:"image"`
}

type apiStatus struct {
	Name         string `json:"name"`
	Ready        bool   `json:"ready"`
	RestartCount int    `json:"restartCount"`
	State        State  `json:"state"`
	LastState    State  `json:"lastState"`
}

// Pod returns one pod. Errors: *APIError, with code 403 where the Role is missing and 404 where there is no such pod; a cluster that does not answer.
func (c *Client) Pod(ctx context.Context, namespace, name string) (Pod, error) {
	of := what{verb: "get", resource: "pods", namespace: namespace, name: name}
	var p apiPod
	if err := c.get(ctx, of, "/api/v1/namespaces/"+url.PathEscape(namespace)+"/pods/"+url.PathEscape(name), nil, &p); err != nil {
		return Pod{}, err
	}
	if p.Kind != "Pod" || p.Metadata.Name != name || p.Metadata.UID == "" {
		return Pod{}, fmt.Errorf("%s: the answer is a %q named %q", of, p.Kind, p.Metadata.Name)
	}
	m := p.Metadata
	pod := Pod{
		Namespace: m.Namespace, Name: m.Name, UID: m.UID, Node: p.Spec.NodeName, Phase: p.Status.Phase, Created: m.Created,
		Labels: m.Labels, Annotations: m.Annotations, Owners: m.Owners,
	}
	add := func(containers []apiContainer, statuses []apiStatus, init bool) {
		for _, spec := range containers {
			one := Container{Name: spec.Name, Image: spec.Image, Init: init}
			for _, s := range statuses {
				if s.Name == spec.Name {
					one.Ready, one.RestartCount, one.State, one.LastState = s.Ready, s.RestartCount, s.State, s.LastState
				}
			}
			pod.Containers = append(pod.Containers, one)
		}
	}
	add(p.Spec.InitContainers, p.Status.InitContainerStatuses, true)
	add(p.Spec.Containers, p.Status.ContainerStatuses, false)
	return pod, nil
}
