package deploy

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/identity"
	"github.com/endscope/endscope/agent/kube"
	agent "github.com/endscope/endscope/cmd/endscope-agent/app"
	"github.com/endscope/endscope/scopes"
)

// object is the part of a manifest that the tests look at. A pod is in spec.template.spec of workloads, and in spec of a ServingRuntime.
type object struct {
	Kind     string
	Metadata struct {
		Name, Namespace     string
		Labels, Annotations map[string]string
	}
	Data map[string]string // of a ConfigMap
	Spec struct {
		Pod      pod `yaml:",inline"`
		Selector map[string]any
		Template struct {
			Metadata struct{ Labels, Annotations map[string]string }
			Spec     pod
		}
		Predictor struct { // of an InferenceService
			Grace *int `yaml:"terminationGracePeriodSeconds"`
		}
	}
	Rules   []rule                // of a Role
	RoleRef struct{ Name string } `yaml:"roleRef"`
}

type rule struct {
	APIGroups        []string `yaml:"apiGroups"`
	Resources, Verbs []string
}

type pod struct {
	ServiceAccountName string      `yaml:"serviceAccountName"`
	InitContainers     []container `yaml:"initContainers"`
	Containers         []container
	Volumes            []volume
	Grace              *int `yaml:"terminationGracePeriodSeconds"`
}

type volume struct {
	Name        string
	ConfigMap   struct{ Name string } `yaml:"configMap"`
	DownwardAPI struct {
		Items []struct {
			Path     string
			FieldRef fieldRef `yaml:"fieldRef"`
		}
	} `yaml:"downwardAPI"`
}

type fieldRef struct {
	FieldPath string `yaml:"fieldPath"`
}

type container struct {
	Name, Image   string
	RestartPolicy string `yaml:"restartPolicy"` // Always makes a sidecar of an init container
	Command, Args []string
	Env           []struct {
		Name, Value string
		ValueFrom   struct {
			FieldRef fieldRef `yaml:"fieldRef"`
		} `yaml:"valueFrom"`
	}
	VolumeMounts []mount `yaml:"volumeMounts"`
}

type mount struct {
	Name      string
	MountPath string `yaml:"mountPath"`
	SubPath   string `yaml:"subPath"`
}

func (o object) pod() pod {
	if o.Kind == "ServingRuntime" {
		return o.Spec.Pod
	}
	return o.Spec.Template.Spec
}

// agent returns the container that runs the agent, and the arguments of its program.
func (p pod) agent() (container, []string, bool) {
	for _, c := range append(slices.Clone(p.InitContainers), p.Containers...) {
		if c.Image == "endscope-agent" && len(c.Command) == 0 {
			return c, c.Args, true
		}
		if len(c.Command) > 0 && path.Base(c.Command[0]) == "endscope-agent" {
			return c, slices.Concat(c.Command[1:], c.Args), true
		}
	}
	return container{}, nil, false
}

// manifests reads every object of a file of the folder kubernetes.
func manifests(t *testing.T, file string) []object {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("kubernetes", file))
	require.NoError(t, err)
	var all []object
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o object
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		require.NotEmpty(t, o.Kind, file)
		all = append(all, o)
	}
}

func find(t *testing.T, all []object, kind, name string) object {
	t.Helper()
	for _, o := range all {
		if o.Kind == kind && (name == "" || o.Metadata.Name == name) {
			return o
		}
	}
	t.Fatalf("no %s %s", kind, name)
	return object{}
}

// workloads are the objects that run an agent: the file, the kind, and whom the agent pushes for.
var workloads = []struct {
	file, kind string
	labels     map[string]string // that controllers add
	pod        string            // name that they give
	want       identity.Result
}{
	{
		file: "sidecar.yaml", kind: "Deployment", labels: map[string]string{"pod-template-hash": "6d5f7c9b8"}, pod: "llama-blue-6d5f7c9b8-x2x4z",
		want: identity.Result{
			Endpoint:   identity.Value{Value: "llama", Source: "label endscope.io/endpoint of pod models/llama-blue-6d5f7c9b8-x2x4z"},
			Deployment: identity.Value{Value: "blue", Source: "label endscope.io/deployment of pod models/llama-blue-6d5f7c9b8-x2x4z"},
			Instance:   identity.Value{Value: "llama-blue-6d5f7c9b8-x2x4z", Source: "name of the pod"},
		},
	},
	{
		file: "exec.yaml", kind: "Deployment", labels: map[string]string{"pod-template-hash": "6d5f7c9b8"}, pod: "llama-green-6d5f7c9b8-x2x4z",
		want: identity.Result{
			Endpoint:   identity.Value{Value: "llama", Source: "label endscope.io/endpoint of pod models/llama-green-6d5f7c9b8-x2x4z"},
			Deployment: identity.Value{Value: "green", Source: "label endscope.io/deployment of pod models/llama-green-6d5f7c9b8-x2x4z"},
			Instance:   identity.Value{Value: "llama-green-6d5f7c9b8-x2x4z", Source: "name of the pod"},
		},
	},
	{
		file: "daemonset.yaml", kind: "DaemonSet", pod: "endscope-node-8kq2p",
		want: identity.Result{
			Endpoint:   identity.Value{Value: "nodes", Source: "environment variable ENDSCOPE_ENDPOINT"},
			Deployment: identity.Value{Value: "gpu", Source: "environment variable ENDSCOPE_DEPLOYMENT"},
			Instance:   identity.Value{Value: "gpu-node-1", Source: "environment variable ENDSCOPE_INSTANCE"},
		},
	},
	{
		file: "kserve.yaml", kind: "ServingRuntime", pod: "sklearn-iris-predictor-5f6b7c8d9f-2wq8x",
		labels: map[string]string{
			"app": "isvc.sklearn-iris-predictor", "component": "predictor", "pod-template-hash": "5f6b7c8d9f", "serving.kserve.io/inferenceservice": "sklearn-iris",
		},
		want: identity.Result{
			Endpoint:   identity.Value{Value: "sklearn-iris", Source: "label serving.kserve.io/inferenceservice of pod models/sklearn-iris-predictor-5f6b7c8d9f-2wq8x"},
			Deployment: identity.Value{Value: "sklearn-iris-predictor", Source: "name of the pod without the hash of its template"},
			Instance:   identity.Value{Value: "sklearn-iris-predictor-5f6b7c8d9f-2wq8x", Source: "name of the pod"},
		},
	},
}

func TestEveryManifestThatRunsAnAgentIsTested(t *testing.T) {
	files, err := filepath.Glob("kubernetes/*.yaml")
	require.NoError(t, err)
	var with []string
	for _, f := range files {
		for _, o := range manifests(t, filepath.Base(f)) {
			if _, _, ok := o.pod().agent(); ok {
				with = append(with, filepath.Base(f)+" "+o.Kind)
			}
		}
	}
	var tested []string
	for _, w := range workloads {
		tested = append(tested, w.file+" "+w.kind)
	}
	require.ElementsMatch(t, tested, with)
}

func TestTheLabelsOfManifestsGiveTheIdentityThatTheyClaim(t *testing.T) {
	for _, w := range workloads {
		t.Run(w.file, func(t *testing.T) {
			all := manifests(t, w.file)
			o := find(t, all, w.kind, "")
			agent, _, ok := o.pod().agent()
			require.True(t, ok)
			labels := map[string]string{}
			for k, v := range o.Spec.Template.Metadata.Labels {
				labels[k] = v
			}
			for k, v := range w.labels {
				labels[k] = v
			}
			fields := map[string]string{ // as the kubelet gives them
				"metadata.name": w.pod, "metadata.namespace": o.Metadata.Namespace, "metadata.uid": "u-1", "spec.nodeName": "gpu-node-1",
				"metadata.labels": format(labels), "metadata.annotations": format(o.Spec.Template.Metadata.Annotations),
			}
			podinfo := t.TempDir()
			mounted := false
			for _, v := range o.pod().Volumes {
				for _, item := range v.DownwardAPI.Items {
					require.Contains(t, fields, item.FieldRef.FieldPath)
					require.NoError(t, os.WriteFile(filepath.Join(podinfo, item.Path), []byte(fields[item.FieldRef.FieldPath]), 0o600))
					for _, m := range agent.VolumeMounts {
						mounted = mounted || m.Name == v.Name && m.MountPath == identity.DefaultConfig().PodinfoDir
					}
				}
			}
			require.Equal(t, w.kind != "DaemonSet", mounted, "the downward API is where the agent looks for it")
			env := map[string]string{}
			for _, e := range agent.Env {
				env[e.Name] = e.Value
				if field := e.ValueFrom.FieldRef.FieldPath; field != "" {
					require.Contains(t, fields, field)
					env[e.Name] = fields[field]
				}
			}
			asked := map[string]bool{}
			cfg := identity.DefaultConfig()
			cfg.PodinfoDir, cfg.DockerSocket = podinfo, filepath.Join(podinfo, "none")
			got, err := identity.Resolve(t.Context(), cfg, identity.Settings{
				Root: podinfo, Getenv: func(name string) string { asked[name] = true; return env[name] }, Hostname: func() (string, error) { return w.pod, nil },
			})
			require.NoError(t, err)
			require.Empty(t, got.Notes)
			require.Equal(t, w.want.Endpoint, got.Endpoint)
			require.Equal(t, w.want.Deployment, got.Deployment)
			require.Equal(t, w.want.Instance, got.Instance)
			for name := range env {
				require.True(t, asked[name] || strings.HasPrefix(name, "NVIDIA_"), "nobody reads %s", name)
			}
		})
	}
}

// format writes a map as the kubelet writes it into a file of the downward API.
func format(m map[string]string) string {
	var lines []string
	for k, v := range m {
		lines = append(lines, fmt.Sprintf("%v=%q", k, v))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestTheAgentTakesWhatManifestsTellIt(t *testing.T) {
	for _, w := range workloads {
		t.Run(w.file, func(t *testing.T) {
			all := manifests(t, w.file)
			o := find(t, all, w.kind, "")
			agent, args, _ := o.pod().agent()
			var config, configMap string // where the agent expects its file, and which ConfigMap is there
			for i, a := range args {
				if path, ok := strings.CutPrefix(a, "--config.file="); ok {
					config = path
					for _, m := range agent.VolumeMounts {
						for _, v := range o.pod().Volumes {
							if m.Name == v.Name && m.MountPath == path {
								configMap = v.ConfigMap.Name
								require.Equal(t, filepath.Base(path), m.SubPath)
							}
						}
					}
					local := filepath.Join(t.TempDir(), "agent.yaml")
					text := find(t, all, "ConfigMap", configMap).Data[filepath.Base(config)]
					require.NotEmpty(t, text)
					require.NoError(t, os.WriteFile(local, []byte(text), 0o600))
					args[i] = "--config.file=" + local
					for _, file := range filesIn(text) {
						require.True(t, slices.ContainsFunc(agent.VolumeMounts, func(m mount) bool {
							return file == m.MountPath || strings.HasPrefix(file, m.MountPath+"/")
						}), "%s is on no volume", file)
					}
				}
			}
			require.NotEmpty(t, configMap, "no volume holds %s", config)
			requireAccepted(t, args)
			for _, m := range agent.VolumeMounts {
				require.True(t, slices.ContainsFunc(o.pod().Volumes, func(v volume) bool {
					return v.Name == m.Name
				}), "no volume %s", m.Name)
			}
		})
	}
}

// lastSteps is the time of a stopping agent's steps that have no key: the connections that are cut, the last lines of the console, the last round.
const lastSteps = 15 * time.Second

// TestThePodWaitsUntilTheAgentHasPushed: what is not pushed when the kubelet kills the agent is lost with the pod's volume. The steps come one after the
// other.
func TestThePodWaitsUntilTheAgentHasPushed(t *testing.T) {
	for _, w := range workloads {
		t.Run(w.file, func(t *testing.T) {
			all := manifests(t, w.file)
			o := find(t, all, w.kind, "")
			c, args, _ := o.pod().agent()
			cfg := agent.DefaultConfig()
			text := ""
			for _, m := range all {
				if m.Kind == "ConfigMap" {
					text = m.Data["agent.yaml"]
				}
			}
			require.NotEmpty(t, text)
			require.NoError(t, yaml.Unmarshal([]byte(text), &cfg))
			need := cfg.Agent.Send.ShutdownTimeout + cfg.Logs.Send.ShutdownTimeout + lastSteps
			if cfg.Proxy.Enabled() {
				need += cfg.Proxy.DrainTimeout
			}
			if args[0] == "exec" || c.RestartPolicy == "Always" { // the server ends first: the agent ends it, or the kubelet before it tells a sidecar
				need += cfg.Exec.StopTimeout
			}
			grace := o.pod().Grace
			if w.kind == "ServingRuntime" { // has no such field
				grace = find(t, all, "InferenceService", "").Spec.Predictor.Grace
			}
			have := 30 * time.Second // Kubernetes' default
			if grace != nil {
				have = time.Duration(*grace) * time.Second
			}
			require.LessOrEqual(t, need, have, "terminationGracePeriodSeconds")
		})
	}
}

// filesIn lists the absolute paths that a configuration names.
func filesIn(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		_, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if value = strings.Trim(value, "[]'\""); strings.HasPrefix(value, "/") && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			out = append(out, value)
		}
	}
	return out
}

func TestTheRoleAllowsWhatTheAgentAsksAndNoMore(t *testing.T) {
	all := manifests(t, "rbac.yaml")
	role := find(t, all, "Role", "endscope-agent")
	require.Equal(t, "endscope-agent", find(t, all, "RoleBinding", "").RoleRef.Name)
	for _, w := range workloads {
		if account := find(t, manifests(t, w.file), w.kind, "").pod().ServiceAccountName; account != "" {
			require.Equal(t, find(t, all, "ServiceAccount", "").Metadata.Name, account)
		}
	}
	want := map[string][]string{} // what a cluster that refuses everything is asked for
	for _, e := range refusals(t) {
		want[e.Resource] = append(want[e.Resource], e.Verb)
	}
	have := map[string][]string{}
	for _, r := range role.Rules {
		require.Equal(t, []string{""}, r.APIGroups)
		for _, resource := range r.Resources {
			have[resource] = append(have[resource], r.Verbs...)
		}
	}
	require.Equal(t, want, have)
}

// refusals asks a cluster that refuses everything for all that the agent asks for.
func refusals(t *testing.T) []*kube.APIError {
	t.Helper()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer srv.Close()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte("t"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600))
	host, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	require.NoError(t, err)
	c, err := kube.InCluster(kube.ClientSettings{AccountDir: dir, Getenv: func(name string) string {
		return map[string]string{"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}[name]
	}})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	var out []*kube.APIError
	_, podErr := c.Pod(t.Context(), "models", "p")
	_, eventsErr := c.Events(t.Context(), "models", "u")
	for _, err := range []error{podErr, eventsErr} {
		e, ok := errors.AsType[*kube.APIError](err)
		require.True(t, ok, "%v", err)
		out = append(out, e)
	}
	return out
}

func TestSelectorsMatchTheirPods(t *testing.T) {
	for _, w := range workloads {
		o := find(t, manifests(t, w.file), w.kind, "")
		match, _ := o.Spec.Selector["matchLabels"].(map[string]any)
		for k, v := range match {
			require.Equal(t, v, o.Spec.Template.Metadata.Labels[k], w.file)
		}
		for _, part := range []scopes.Level{scopes.LevelEndpoint, scopes.LevelDeployment} {
			if name := o.Spec.Template.Metadata.Labels["endscope.io/"+string(part)]; name != "" {
				require.NoError(t, scopes.ValidateName(part, name))
			}
		}
	}
}
