package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/endscope/endscope/agent/kube"
	"github.com/endscope/endscope/scopes"
)

// maxPodinfo bounds a file of the downward API; annotations may have 256 KiB, which escapes make longer.
const maxPodinfo = 2 << 20

// Labels and annotations of others from which names are guessed.
const (
	kserveService    = "serving.kserve.io/inferenceservice"
	kserveComponent  = "component"
	knativeService   = "serving.knative.dev/service"
	knativeRevision  = "serving.knative.dev/revision"
	appName          = "app.kubernetes.io/name"
	appPartOf        = "app.kubernetes.io/part-of"
	appInstance      = "app.kubernetes.io/instance"
	appVersion       = "app.kubernetes.io/version"
	app              = "app"
	defaultContainer = "kubectl.kubernetes.io/default-container"
	kserveContainer  = "kserve-container"
)

// readKubernetes reads the agent's own pod: the downward API (variables and files), and the cluster's API where it may be asked.
func readKubernetes(ctx context.Context, f *finding, cfg Config, set Settings) {
	file := func(name string) string {
		text, err := readBounded(filepath.Join(cfg.PodinfoDir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.note("kubernetes: %v", err)
		}
		return text
	}
	pairs := func(name string) map[string]string {
		m, err := parseDownward(file(name))
		if err != nil {
			f.note("kubernetes: %s: %v", filepath.Join(cfg.PodinfoDir, name), err)
		}
		return m
	}
	labels, annotations := pairs("labels"), pairs("annotations")
	ref := PodRef{
		Namespace: cmp.Or(set.Getenv("POD_NAMESPACE"), strings.TrimSpace(file("namespace")), set.Namespace),
		Name:      cmp.Or(set.Getenv("POD_NAME"), strings.TrimSpace(file("name"))),
		UID:       cmp.Or(set.Getenv("POD_UID"), strings.TrimSpace(file("uid"))),
		Node:      set.Getenv("NODE_NAME"),
	}
	if len(labels) == 0 && len(annotations) == 0 && ref.Name == "" && set.Pod == nil {
		return // not in a pod
	}
	guessed := false
	if ref.Name == "" { // the host's name is the pod's, but for pods on the host's network and those that set another
		if host, err := set.Hostname(); err == nil && set.Getenv("KUBERNETES_SERVICE_HOST") != "" {
			ref.Name, guessed = host, true
		}
	}
	pod := kube.Pod{Labels: labels, Annotations: annotations}
	if set.Pod != nil && ref.Name != "" && ref.Namespace != "" {
		asked, err := askPod(ctx, set, ref.Namespace, ref.Name)
		switch {
		case err != nil && guessed:
			f.note("kubernetes: %v; the pod's name was taken from the host's, set POD_NAME through the downward API", err)
		case err != nil:
			f.note("kubernetes: %v", err)
		case ref.UID != "" && ref.UID != asked.UID:
			f.note("kubernetes: pod %s/%s has the UID %s and not %s: it is a newer one of the same name", ref.Namespace, ref.Name, asked.UID, ref.UID)
		default:
			pod, guessed = asked, false
			ref.UID, ref.Node = asked.UID, cmp.Or(asked.Node, ref.Node)
		}
	}
	if guessed { // nobody has confirmed it
		ref.Name = ""
	}
	f.Pod = ref
	fromPod(f, cfg, pod, ref)
}

// fromPod adds what the pod's labels, annotations, owners and name say.
func fromPod(f *finding, cfg Config, pod kube.Pod, ref PodRef) {
	of := "the pod"
	if name := strings.Trim(ref.Namespace+"/"+ref.Name, "/"); ref.Name != "" {
		of = "pod " + name
	}
	stateFromLabels(f, cfg, pod.Labels, "label", of)
	stateFromLabels(f, cfg, pod.Annotations, "annotation", of)

	labels := pod.Labels
	suggest := func(part scopes.Level, key string) { f.suggest(part, labels[key], "label "+key+" of "+of) }
	for _, key := range []string{kserveService, knativeService, appName, appPartOf} {
		suggest(scopes.LevelEndpoint, key)
	}
	owner, why := ownerOf(pod, ref.Name)
	suggest(scopes.LevelDeployment, knativeRevision)
	if labels[kserveService] != "" {
		f.Component = labels[kserveComponent]
		f.suggest(scopes.LevelDeployment, owner, why)
		if raw, ok := strings.CutPrefix(labels[app], "isvc."); ok {
			f.suggest(scopes.LevelDeployment, raw, "label app of "+of+" without isvc.")
		}
	}
	suggest(scopes.LevelEndpoint, app)
	suggest(scopes.LevelDeployment, appInstance)
	suggest(scopes.LevelDeployment, appVersion)
	f.suggest(scopes.LevelDeployment, owner, why)
	f.suggest(scopes.LevelInstance, ref.Name, "name of the pod")

	if f.Container.Value == "" {
		f.Container = modelContainer(f, pod, of)
	}
	for _, c := range pod.Containers {
		if c.Name == f.Container.Value {
			f.Image = c.Image
			return
		}
	}
	if f.Container.Value != "" && len(pod.Containers) > 0 {
		f.note("kubernetes: %s has no container %s (%s)", of, f.Container.Value, f.Container.Source)
	}
}

// ownerOf returns the name of the workload that made the pod, and how it is known. Pods of a Deployment belong to a ReplicaSet, whose name is the
// Deployment's and a hash that the pod has as a label, so that name is known even where the cluster may not be asked.
func ownerOf(pod kube.Pod, podName string) (name, source string) {
	hash := cmp.Or(pod.Labels["pod-template-hash"], pod.Labels["rollouts-pod-template-hash"])
	for _, o := range pod.Owners {
		if !o.Controller {
			continue
		}
		if base, ok := strings.CutSuffix(o.Name, "-"+hash); o.Kind == "ReplicaSet" && hash != "" && ok {
			return base, "name of the Deployment of ReplicaSet " + o.Name
		}
		return o.Name, "name of the " + o.Kind + " that made the pod"
	}
	if len(pod.Owners) == 0 && hash != "" {
		if base, rest, ok := cutLast(podName, "-"+hash+"-"); ok && !strings.Contains(rest, "-") {
			return base, "name of the pod without the hash of its template"
		}
	}
	if own := pod.Labels["statefulset.kubernetes.io/pod-name"]; own != "" && own == podName {
		if base, _, ok := cutLast(own, "-"); ok {
			return base, "name of the pod without its number in the StatefulSet"
		}
	}
	return "", ""
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i <= 0 {
		return "", "", false
	}
	return s[:i], s[i+len(sep):], true
}

// modelContainer finds the container that serves the model: the one that the pod calls its main one, KServe's, or the only one besides the agent and
// the usual proxies of a mesh.
func modelContainer(f *finding, pod kube.Pod, of string) Value {
	var others []string
	for _, c := range pod.Containers {
		switch {
		case c.Name == pod.Annotations[defaultContainer]:
			return Value{c.Name, "annotation " + defaultContainer}
		case c.Init, strings.Contains(c.Name, "endscope"), strings.Contains(c.Image, "endscope-agent"),
			c.Name == "queue-proxy", c.Name == "istio-proxy", c.Name == "linkerd-proxy":
		default:
			others = append(others, c.Name)
		}
	}
	for _, c := range pod.Containers {
		if c.Name == kserveContainer {
			return Value{c.Name, "KServe's name for it"}
		}
	}
	if len(others) == 1 {
		return Value{others[0], "the only container of the pod besides the agent"}
	}
	if len(others) > 1 {
		f.note("kubernetes: %s has the containers %s; say which serves the model with identity.container", of, strings.Join(others, ", "))
	}
	return Value{}
}

// askPod asks up to three times, since the network of a pod that has just begun may need a moment.
func askPod(ctx context.Context, set Settings, namespace, name string) (kube.Pod, error) {
	for try := 1; ; try++ {
		pod, err := set.Pod(ctx, namespace, name)
		if err == nil || try == 3 || ctx.Err() != nil {
			return pod, err
		}
		if refused, ok := errors.AsType[*kube.APIError](err); ok && refused.Code < 500 && refused.Code != 429 {
			return pod, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(try) * time.Second):
		}
	}
}

// readBounded returns the text of a file.
func readBounded(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxPodinfo+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxPodinfo {
		return "", fmt.Errorf("%s is larger than %d bytes", path, maxPodinfo)
	}
	return string(text), nil
}
