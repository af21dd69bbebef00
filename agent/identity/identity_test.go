package identity

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/agent/kube"
	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/scopes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a machine for Resolve: nothing of the real one is seen.
type world struct {
	flags Explicit
	env   map[string]string
	files map[string]string // of the podinfo folder
	pod   *kube.Pod         // what the cluster says; nil without a cluster
	err   error             // of the cluster
	host  string
}

func (w world) resolve(t *testing.T, change func(*Config)) (Result, error) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.PodinfoDir, cfg.DockerSocket = t.TempDir(), filepath.Join(t.TempDir(), "none.sock")
	for name, text := range w.files {
		require.NoError(t, os.WriteFile(filepath.Join(cfg.PodinfoDir, name), []byte(text), 0o600))
	}
	if change != nil {
		change(&cfg)
	}
	set := Settings{
		Explicit: w.flags, Root: t.TempDir(), Getenv: func(name string) string { return w.env[name] },
		Hostname: func() (string, error) {
			if w.host == "" {
				return "", errors.New("none")
			}
			return w.host, nil
		},
	}
	if w.pod != nil || w.err != nil {
		set.Pod = func(_ context.Context, namespace, name string) (kube.Pod, error) {
			if w.err != nil {
				return kube.Pod{}, w.err
			}
			if namespace != w.pod.Namespace || name != w.pod.Name {
				return kube.Pod{}, &kube.APIError{Verb: "get", Resource: "pods", Namespace: namespace, Name: name, Code: 404}
			}
			return *w.pod, nil
		}
	}
	return Resolve(t.Context(), cfg, set)
}

// knative is a pod that KServe made in its serverless mode, as the cluster says it.
func knative() *kube.Pod {
	return &kube.Pod{
		Namespace: "models", Name: "sklearn-iris-predictor-00002-deployment-7d4f8b9c6d-xk2lm", UID: "5c1f1b8e-0000-4000-8000-000000000001", Node: "gpu-1",
		Labels: map[string]string{
			"app": "sklearn-iris-predictor-00002", "component": "predictor", "pod-template-hash": "7d4f8b9c6d",
			"serving.knative.dev/configuration": "sklearn-iris-predictor", "serving.knative.dev/configurationGeneration": "2",
			"serving.knative.dev/revision": "sklearn-iris-predictor-00002", "serving.knative.dev/service": "sklearn-iris-predictor",
			"serving.kserve.io/inferenceservice": "sklearn-iris", "service.istio.io/canonical-name": "sklearn-iris-predictor",
		},
		Owners: []kube.Owner{{Kind: "ReplicaSet", Name: "sklearn-iris-predictor-00002-deployment-7d4f8b9c6d", Controller: true}},
		Containers: []kube.Container{
			{Name: "storage-initializer", Image: "kserve/storage-initializer:v0.15.0", Init: true},
			{Name: "kserve-container", Image: "kserve/sklearnserver:v0.15.0"}, {Name: "queue-proxy", Image: "knative/queue@sha256:1"},
		},
	}
}

// raw is a pod that KServe made in its RawDeployment mode.
func raw() *kube.Pod {
	return &kube.Pod{
		Namespace: "models", Name: "sklearn-iris-transformer-5f6b7c8d9f-2wq8x", UID: "5c1f1b8e-0000-4000-8000-000000000002",
		Labels: map[string]string{
			"app": "isvc.sklearn-iris-transformer", "component": "transformer", "pod-template-hash": "5f6b7c8d9f", "serving.kserve.io/inferenceservice": "sklearn-iris",
			"app.kubernetes.io/instance": "from-the-chart-of-the-user",
		},
		Owners:     []kube.Owner{{Kind: "ReplicaSet", Name: "sklearn-iris-transformer-5f6b7c8d9f", Controller: true}},
		Containers: []kube.Container{{Name: "kserve-container", Image: "t:1"}, {Name: "endscope-agent", Image: "endscope-agent:1"}},
	}
}

func plainPod(labels, annotations map[string]string, owners ...kube.Owner) *kube.Pod {
	return &kube.Pod{Namespace: "prod", Name: "llama-blue-6d5f7c9b8-x2x4z", UID: "u-1", Labels: labels, Annotations: annotations, Owners: owners}
}

var inPod = map[string]string{"POD_NAME": "llama-blue-6d5f7c9b8-x2x4z", "POD_NAMESPACE": "prod", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}

func podEnv(p *kube.Pod) map[string]string {
	return map[string]string{"POD_NAME": p.Name, "POD_NAMESPACE": p.Namespace, "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
}

func TestWhereNamesComeFrom(t *testing.T) {
	type row struct{ value, source string }
	for name, c := range map[string]struct {
		world
		change                         func(*Config)
		endpoint, deployment, instance row
	}{
		"flags": {
			world:    world{flags: Explicit{"credit", "blue", "i-1"}, host: "vm"},
			endpoint: row{"credit", "flag or file"}, deployment: row{"blue", "flag or file"}, instance: row{"i-1", "flag or file"},
		},
		"the host's name is the last resort, for the instance": {
			world:    world{flags: Explicit{Endpoint: "credit", Deployment: "blue"}, host: "vm"},
			endpoint: row{"credit", "flag or file"}, deployment: row{"blue", "flag or file"}, instance: row{"vm", "host name"},
		},
		"environment, and a flag that says the same": {
			world: world{
				flags: Explicit{Endpoint: "credit"}, host: "vm",
				env: map[string]string{"ENDSCOPE_ENDPOINT": "credit", "ENDSCOPE_DEPLOYMENT": "green", "ENDSCOPE_INSTANCE": "a:1"},
			},
			endpoint: row{"credit", "flag or file"}, deployment: row{"green", "environment variable ENDSCOPE_DEPLOYMENT"}, instance: row{"a:1", "environment variable ENDSCOPE_INSTANCE"},
		},
		"KServe on Knative": {
			world:    world{pod: knative(), env: podEnv(knative()), host: "vm"},
			endpoint: row{"sklearn-iris", "label serving.kserve.io/inferenceservice of pod models/sklearn-iris-predictor-00002-deployment-7d4f8b9c6d-xk2lm"},
			deployment: row{
				"sklearn-iris-predictor-00002", "label serving.knative.dev/revision of pod models/sklearn-iris-predictor-00002-deployment-7d4f8b9c6d-xk2lm",
			},
			instance: row{"sklearn-iris-predictor-00002-deployment-7d4f8b9c6d-xk2lm", "name of the pod"},
		},
		"KServe as a raw Deployment: its owner goes before labels of a chart": {
			world:      world{pod: raw(), env: podEnv(raw())},
			endpoint:   row{"sklearn-iris", "label serving.kserve.io/inferenceservice of pod models/sklearn-iris-transformer-5f6b7c8d9f-2wq8x"},
			deployment: row{"sklearn-iris-transformer", "name of the Deployment of ReplicaSet sklearn-iris-transformer-5f6b7c8d9f"},
			instance:   row{"sklearn-iris-transformer-5f6b7c8d9f-2wq8x", "name of the pod"},
		},
		"KServe as a raw Deployment, downward API only": {
			world: world{files: map[string]string{
				"labels": "app=\"isvc.iris-predictor\"\ncomponent=\"predictor\"\nserving.kserve.io/inferenceservice=\"iris\"", "name": "iris-predictor-0",
			}},
			endpoint: row{"iris", "label serving.kserve.io/inferenceservice of pod iris-predictor-0"}, deployment: row{"iris-predictor", "label app of pod iris-predictor-0 without isvc."},
			instance: row{"iris-predictor-0", "name of the pod"},
		},
		"labels that state it win over what only suggests it": {
			world: world{pod: plainPod(map[string]string{
				"endscope.io/endpoint": "llama", "endscope.io/deployment": "blue", "app.kubernetes.io/name": "vllm", "app.kubernetes.io/instance": "release",
			}, nil), env: inPod},
			endpoint: row{"llama", "label endscope.io/endpoint of pod prod/llama-blue-6d5f7c9b8-x2x4z"}, deployment: row{"blue", "label endscope.io/deployment of pod prod/llama-blue-6d5f7c9b8-x2x4z"},
			instance: row{"llama-blue-6d5f7c9b8-x2x4z", "name of the pod"},
		},
		"annotations state it, too": {
			world:    world{pod: plainPod(nil, map[string]string{"endscope.io/endpoint": "llama", "endscope.io/deployment": "blue", "endscope.io/instance": "one"}), env: inPod},
			endpoint: row{"llama", "annotation endscope.io/endpoint of pod prod/llama-blue-6d5f7c9b8-x2x4z"}, deployment: row{"blue", "annotation endscope.io/deployment of pod prod/llama-blue-6d5f7c9b8-x2x4z"},
			instance: row{"one", "annotation endscope.io/instance of pod prod/llama-blue-6d5f7c9b8-x2x4z"},
		},
		"labels of a chart": {
			world: world{pod: plainPod(map[string]string{
				"app.kubernetes.io/name": "vllm", "app.kubernetes.io/part-of": "chat", "app.kubernetes.io/instance": "llama-prod", "app.kubernetes.io/version": "1.2",
			}, nil), env: inPod},
			endpoint: row{"vllm", "label app.kubernetes.io/name of pod prod/llama-blue-6d5f7c9b8-x2x4z"}, deployment: row{"llama-prod", "label app.kubernetes.io/instance of pod prod/llama-blue-6d5f7c9b8-x2x4z"},
			instance: row{"llama-blue-6d5f7c9b8-x2x4z", "name of the pod"},
		},
		"a plain Deployment without such labels": {
			world: world{pod: plainPod(map[string]string{"app": "llama", "pod-template-hash": "6d5f7c9b8"}, nil,
				kube.Owner{Kind: "ReplicaSet", Name: "llama-blue-6d5f7c9b8", Controller: true}), env: inPod},
			endpoint: row{"llama", "label app of pod prod/llama-blue-6d5f7c9b8-x2x4z"}, deployment: row{"llama-blue", "name of the Deployment of ReplicaSet llama-blue-6d5f7c9b8"},
			instance: row{"llama-blue-6d5f7c9b8-x2x4z", "name of the pod"},
		},
		"a plain Deployment without the cluster": {
			world:    world{files: map[string]string{"labels": "app=\"llama\"\npod-template-hash=\"6d5f7c9b8\"\n"}, env: inPod},
			endpoint: row{"llama", "label app of pod prod/llama-blue-6d5f7c9b8-x2x4z"}, deployment: row{"llama-blue", "name of the pod without the hash of its template"},
			instance: row{"llama-blue-6d5f7c9b8-x2x4z", "name of the pod"},
		},
		"a StatefulSet": {
			world: world{pod: plainPod(map[string]string{"app": "llama"}, nil, kube.Owner{Kind: "Other", Name: "not-me"},
				kube.Owner{Kind: "StatefulSet", Name: "llama-set", Controller: true}), env: inPod},
			endpoint: row{"llama", "label app of pod prod/llama-blue-6d5f7c9b8-x2x4z"}, deployment: row{"llama-set", "name of the StatefulSet that made the pod"},
			instance: row{"llama-blue-6d5f7c9b8-x2x4z", "name of the pod"},
		},
		"a StatefulSet without the cluster": {
			world: world{files: map[string]string{"labels": "app=\"llama\"\nstatefulset.kubernetes.io/pod-name=\"llama-set-10\""},
				env: map[string]string{"POD_NAME": "llama-set-10"}},
			endpoint: row{"llama", "label app of pod llama-set-10"}, deployment: row{"llama-set", "name of the pod without its number in the StatefulSet"},
			instance: row{"llama-set-10", "name of the pod"},
		},
		"the host's name leads to the pod where nothing else does": {
			world: world{pod: plainPod(map[string]string{"endscope.io/endpoint": "llama", "endscope.io/deployment": "blue"}, nil), host: "llama-blue-6d5f7c9b8-x2x4z",
				env: map[string]string{"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAMESPACE": "prod"}},
			endpoint: row{"llama", "label endscope.io/endpoint of pod prod/llama-blue-6d5f7c9b8-x2x4z"}, deployment: row{"blue", "label endscope.io/deployment of pod prod/llama-blue-6d5f7c9b8-x2x4z"},
			instance: row{"llama-blue-6d5f7c9b8-x2x4z", "name of the pod"},
		},
		"flags against guesses are no conflict": {
			world:    world{flags: Explicit{"credit", "blue", "i-1"}, pod: knative(), env: podEnv(knative())},
			endpoint: row{"credit", "flag or file"}, deployment: row{"blue", "flag or file"}, instance: row{"i-1", "flag or file"},
		},
		"sources that are off are not asked": {
			world: world{flags: Explicit{Endpoint: "credit", Deployment: "blue"}, host: "vm",
				env: map[string]string{"ENDSCOPE_ENDPOINT": "other", "POD_NAME": inPod["POD_NAME"], "POD_NAMESPACE": "prod"},
				pod: plainPod(map[string]string{"endscope.io/endpoint": "third"}, nil)},
			change:   func(c *Config) { c.Environment, c.Kubernetes, c.Docker = ModeOff, ModeOff, ModeOff },
			endpoint: row{"credit", "flag or file"}, deployment: row{"blue", "flag or file"}, instance: row{"vm", "host name"},
		},
		"labels that the operator chose": {
			world: world{pod: plainPod(map[string]string{"acme.example/service": "llama", "acme.example/colour": "blue", "endscope.io/endpoint": "not-asked"}, nil), env: inPod},
			change: func(c *Config) {
				c.EndpointLabels, c.DeploymentLabels = []string{"acme.example/service"}, []string{"acme.example/colour"}
			},
			endpoint: row{"llama", "label acme.example/service of pod prod/llama-blue-6d5f7c9b8-x2x4z"}, deployment: row{"blue", "label acme.example/colour of pod prod/llama-blue-6d5f7c9b8-x2x4z"},
			instance: row{"llama-blue-6d5f7c9b8-x2x4z", "name of the pod"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := c.resolve(t, c.change)
			require.NoError(t, err)
			require.Equal(t, c.endpoint, row{r.Endpoint.Value, r.Endpoint.Source})
			require.Equal(t, c.deployment, row{r.Deployment.Value, r.Deployment.Source})
			require.Equal(t, c.instance, row{r.Instance.Value, r.Instance.Source})
			require.Equal(t, scopes.Path{Endpoint: c.endpoint.value, Deployment: c.deployment.value, Instance: c.instance.value}, r.Path())
		})
	}
}

func TestWhatTheOperatorMustSettle(t *testing.T) {
	for name, c := range map[string]struct {
		world
		change func(*Config)
		want   []string
	}{
		"flag against environment": {
			world: world{flags: Explicit{"credit", "blue", "i"}, env: map[string]string{"ENDSCOPE_ENDPOINT": "debit"}},
			want:  []string{`endpoint: "credit" (flag or file) and "debit" (environment variable ENDSCOPE_ENDPOINT) contradict each other`},
		},
		"flag against a label that states it": {
			world: world{flags: Explicit{"llama", "green", ""}, env: inPod, pod: plainPod(map[string]string{"endscope.io/endpoint": "llama", "endscope.io/deployment": "blue"}, nil)},
			want:  []string{`deployment: "green" (flag or file) and "blue" (label endscope.io/deployment of pod prod/llama-blue-6d5f7c9b8-x2x4z) contradict each other`},
		},
		"environment against an annotation": {
			world: world{flags: Explicit{"llama", "blue", ""}, pod: plainPod(nil, map[string]string{"endscope.io/instance": "two"}),
				env: map[string]string{"POD_NAME": inPod["POD_NAME"], "POD_NAMESPACE": "prod", "ENDSCOPE_INSTANCE": "one"}},
			want: []string{`instance: "one" (environment variable ENDSCOPE_INSTANCE) and "two" (annotation endscope.io/instance of pod prod/llama-blue-6d5f7c9b8-x2x4z) contradict`},
		},
		"label against annotation": {
			world: world{flags: Explicit{"", "blue", "i"}, env: inPod, pod: plainPod(map[string]string{"endscope.io/endpoint": "a"}, map[string]string{"endscope.io/endpoint": "b"})},
			want:  []string{`endpoint: "a" (label endscope.io/endpoint of pod`, `"b" (annotation endscope.io/endpoint of pod`},
		},
		"two keys of one pod": {
			world: world{flags: Explicit{"", "blue", "i"}, env: inPod, pod: plainPod(map[string]string{"endscope.io/endpoint": "a", "endscope.endpoint": "b"}, nil)},
			want:  []string{`endpoint: "a" (label endscope.io/endpoint of pod`, `"b" (label endscope.endpoint of pod`},
		},
		"nothing": {
			world: world{host: "vm"},
			want: []string{
				"endpoint: nothing says it; set --endpoint, the variable ENDSCOPE_ENDPOINT, or the label endscope.io/endpoint",
				"deployment: nothing says it; set --deployment, the variable ENDSCOPE_DEPLOYMENT",
			},
		},
		"nothing, and the cluster says no": {
			world: world{host: "vm", env: inPod, err: &kube.APIError{Verb: "get", Resource: "pods", Namespace: "prod", Name: "p", Code: 403}},
			want:  []string{"endpoint: nothing says it", `(kubernetes: get pod p in namespace prod: forbidden (403)`, `resources [pods], verbs [get]`},
		},
		"not even a host's name": {
			world: world{flags: Explicit{Endpoint: "a", Deployment: "b"}},
			want:  []string{"instance: nothing says it", "the host has no name"},
		},
		"a name that is none": {
			world: world{flags: Explicit{"a b", "blue", "i"}},
			want:  []string{`endpoint: flag or file gives no valid name: endpoint name "a b": must be 1 to 63 characters`},
		},
		"a guess that is no valid name is not mangled": {
			world: world{flags: Explicit{Endpoint: "a", Deployment: "b"}, host: "vm_1/x"},
			want:  []string{`instance: host name gives no valid name: instance name "vm_1/x"`, "state another with --instance"},
		},
		"a label of the downward API that is no name": {
			world: world{flags: Explicit{"", "b", "i"}, files: map[string]string{"annotations": `endscope.io/endpoint="a\nb"`}},
			want:  []string{`endpoint: annotation endscope.io/endpoint of the pod gives no valid name: endpoint name "a\nb"`},
		},
		"a folder of the downward API that is no such folder": {
			world: world{files: map[string]string{"labels": "endscope.io/endpoint=llama"}},
			want:  []string{`labels: line 1 is not key="value"`},
		},
		"a bad configuration": {change: func(c *Config) { c.Docker = "yes" }, want: []string{`docker: must be auto or off (got "yes")`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.resolve(t, c.change)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
	_, err := world{flags: Explicit{"a b", "b", "c"}}.resolve(t, nil)
	wrong, ok := errors.AsType[*scopes.NameError](err)
	require.True(t, ok)
	require.Equal(t, "a b", wrong.Value)
	_, err = world{flags: Explicit{"a", "b", "c"}, env: map[string]string{"ENDSCOPE_ENDPOINT": "x", "ENDSCOPE_DEPLOYMENT": "y"}}.resolve(t, nil)
	require.Len(t, err.(interface{ Unwrap() []error }).Unwrap(), 2, "every part is told at once")
	conflict, ok := errors.AsType[*ConflictError](err)
	require.True(t, ok)
	require.Equal(t, &ConflictError{scopes.LevelEndpoint, Value{"a", "flag or file"}, Value{"x", "environment variable ENDSCOPE_ENDPOINT"}}, conflict)
}

func TestTheContainerOfTheModel(t *testing.T) {
	for name, c := range map[string]struct {
		world
		change    func(*Config)
		container Value
		image     string
		component string
		notes     []string
	}{
		"KServe's": {
			world: world{pod: knative(), env: podEnv(knative())}, container: Value{"kserve-container", "KServe's name for it"}, image: "kserve/sklearnserver:v0.15.0", component: "predictor",
		},
		"the only one besides the agent": {
			world: world{env: inPod, pod: &kube.Pod{Namespace: "prod", Name: inPod["POD_NAME"], UID: "u", Containers: []kube.Container{
				{Name: "endscope-agent", Image: "a:1", Init: true}, {Name: "vllm", Image: "vllm/vllm-openai:v0.12"}, {Name: "istio-proxy", Image: "p"},
			}}},
			container: Value{"vllm", "the only container of the pod besides the agent"}, image: "vllm/vllm-openai:v0.12",
		},
		"the pod's own word": {
			world: world{env: inPod, pod: &kube.Pod{Namespace: "prod", Name: inPod["POD_NAME"], UID: "u", Annotations: map[string]string{"kubectl.kubernetes.io/default-container": "b"},
				Containers: []kube.Container{{Name: "a", Image: "a:1"}, {Name: "b", Image: "b:1"}}}},
			container: Value{"b", "annotation kubectl.kubernetes.io/default-container"}, image: "b:1",
		},
		"two that could be it": {
			world: world{env: inPod, pod: &kube.Pod{Namespace: "prod", Name: inPod["POD_NAME"], UID: "u", Containers: []kube.Container{{Name: "a", Image: "a:1"}, {Name: "b", Image: "b:1"}}}},
			notes: []string{"kubernetes: pod prod/llama-blue-6d5f7c9b8-x2x4z has the containers a, b; say which serves the model with identity.container"},
		},
		"the operator's word, about a container that is not there": {
			world:  world{env: inPod, pod: &kube.Pod{Namespace: "prod", Name: inPod["POD_NAME"], UID: "u", Containers: []kube.Container{{Name: "a", Image: "a:1"}}}},
			change: func(c *Config) { c.Container = "model" }, container: Value{"model", "identity.container"},
			notes: []string{"kubernetes: pod prod/llama-blue-6d5f7c9b8-x2x4z has no container model (identity.container)"},
		},
		"the environment": {
			world: world{env: map[string]string{"ENDSCOPE_CONTAINER": "model"}}, container: Value{"model", "environment variable ENDSCOPE_CONTAINER"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.flags, c.host = Explicit{"e", "d", "i"}, "vm"
			r, err := c.resolve(t, c.change)
			require.NoError(t, err)
			require.Equal(t, c.container, r.Container)
			require.Equal(t, c.image, r.Image)
			require.Equal(t, c.component, r.Component)
			require.Equal(t, c.notes, r.Notes)
		})
	}
}

func TestThePodIsTold(t *testing.T) {
	r, err := world{pod: knative(), env: podEnv(knative()), host: "vm"}.resolve(t, nil)
	require.NoError(t, err)
	require.Equal(t, PodRef{"models", knative().Name, knative().UID, "gpu-1"}, r.Pod)

	// Without the cluster, the downward API tells what it can.
	r, err = world{flags: Explicit{"e", "d", ""}, host: "vm", env: map[string]string{"NODE_NAME": "gpu-2", "POD_UID": "u-2"}, files: map[string]string{
		"name": "blue-0\n", "namespace": "prod\n",
	}}.resolve(t, nil)
	require.NoError(t, err)
	require.Equal(t, PodRef{"prod", "blue-0", "u-2", "gpu-2"}, r.Pod)
	require.Equal(t, "blue-0", r.Instance.Value)

	// A host's name that nobody confirms is no pod's name.
	r, err = world{flags: Explicit{"e", "d", ""}, host: "node-7", pod: knative(), env: map[string]string{"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAMESPACE": "models"}}.resolve(t, nil)
	require.NoError(t, err)
	require.Equal(t, Value{"node-7", "host name"}, r.Instance)
	require.Empty(t, r.Pod.Name)
	require.Contains(t, r.Notes[0], "set POD_NAME through the downward API")

	// A newer pod of the same name is another pod.
	p := plainPod(map[string]string{"endscope.io/endpoint": "new"}, nil)
	r, err = world{flags: Explicit{"e", "d", ""}, pod: p, env: map[string]string{"POD_NAME": p.Name, "POD_NAMESPACE": "prod", "POD_UID": "u-0"}, host: "vm"}.resolve(t, nil)
	require.NoError(t, err)
	require.Contains(t, r.Notes[0], "it is a newer one of the same name")
	require.Equal(t, "u-0", r.Pod.UID)
}

func TestConfigNamesKeyValueAndBound(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	for key, change := range map[string]func(*Config){
		"environment": func(c *Config) { c.Environment = "on" }, "kubernetes": func(c *Config) { c.Kubernetes = "" }, "docker": func(c *Config) { c.Docker = "true" },
		"podinfo_dir": func(c *Config) { c.PodinfoDir = "podinfo" }, "docker_socket": func(c *Config) { c.DockerSocket = "tcp://x" },
		"docker_container": func(c *Config) { c.DockerContainer = "../x" }, "container": func(c *Config) { c.Container = "a b" },
		"endpoint_labels[1]":   func(c *Config) { c.EndpointLabels = []string{"a", ""} },
		"deployment_labels[0]": func(c *Config) { c.DeploymentLabels = []string{"a=b"} }, "instance_labels[0]": func(c *Config) { c.InstanceLabels = []string{"a b"} },
	} {
		c := DefaultConfig()
		change(&c)
		fields := config.Fields(c.Validate())
		require.Len(t, fields, 1, key)
		require.Equal(t, key, fields[0].Key)
	}
}
