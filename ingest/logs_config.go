package ingest

import (
	"errors"
	"strings"

	"github.com/prometheus/prometheus/model/relabel"

	"github.com/endscope/endscope/internal/config"
)

// LogsConfig is what an operator writes under `ingest.logs`. The sizes of bodies are those of `ingest`.
type LogsConfig struct {
	MaxRows       int          `yaml:"max_rows" help:"Most rows of one request; a request with more is answered 413."`
	MaxRow        config.Bytes `yaml:"max_row" help:"Largest row, as sent and inflated. Larger ones are refused."`
	MaxField      config.Bytes `yaml:"max_field" help:"Longest value of a field. Rows with longer ones are refused."`
	MaxFieldName  config.Bytes `yaml:"max_field_name" help:"Longest name of a field that is kept in Properties. Rows with longer ones are refused."`
	MaxProperties int          `yaml:"max_properties" help:"Most members of Properties. Rows with more are refused."`
	MaxDepth      int          `yaml:"max_depth" help:"How deep objects and arrays may lie in each other within a field."`

	OTLP LogsOTLPConfig `yaml:"otlp" help:"How OTLP log records become rows. The attributes that name endpoint, deployment and instance are those of ingest.otlp."`
	Loki LogsLokiConfig `yaml:"loki" help:"How Loki's streams become rows of the console log."`
}

// LogsOTLPConfig is what an operator writes under `ingest.logs.otlp`.
type LogsOTLPConfig struct {
	ContainerAttributes []string `yaml:"container_attributes" help:"Attributes of a resource or record that name the container; the first that is set counts."`
	ImageAttributes     []string `yaml:"image_attributes" help:"Attributes of a resource or record that name the container's image; the first that is set counts."`
	ResourceAttributes  []string `yaml:"resource_attributes" help:"Attributes of a resource that are kept with each of its rows, in Properties.Resource, beside those that become columns; * keeps all."`
	EventNames          []string `yaml:"event_names" help:"Event names whose records are rows of the event log. Kubernetes events always are; all other records are rows of the console log."`
}

// LogsLokiConfig is what an operator writes under `ingest.logs.loki`.
type LogsLokiConfig struct {
	RelabelConfigs []*relabel.Config `yaml:"relabel_configs" help:"Relabelling of every pushed stream, in Prometheus's syntax, before the lists below are looked at."`

	EndpointLabels   []string `yaml:"endpoint_labels" help:"Labels that name the endpoint; the first that is set counts. An SDK's unknown_service is not set."`
	DeploymentLabels []string `yaml:"deployment_labels" help:"Labels that name the deployment; the first that is set counts."`
	InstanceLabels   []string `yaml:"instance_labels" help:"Labels that name the instance; the first that is set counts."`
	ContainerLabels  []string `yaml:"container_labels" help:"Labels that name the container; the first that is set counts."`
	ImageLabels      []string `yaml:"image_labels" help:"Labels that name the container's image; the first that is set counts."`
}

func defaultLogsConfig() LogsConfig {
	return LogsConfig{
		MaxRows:       100_000,
		MaxRow:        1 << 20,
		MaxField:      256 << 10,
		MaxFieldName:  256,
		MaxProperties: 128,
		MaxDepth:      16,
		OTLP: LogsOTLPConfig{
			ContainerAttributes: []string{"container.name", "k8s.container.name"},
			ImageAttributes:     []string{"container.image.name"},
			ResourceAttributes:  []string{"*"},
			EventNames: []string{"Pulling", "Pulled", "Created", "Started", "Killing", "BackOff", "Failed", "Unhealthy",
				"LivenessProbeFailed", "ReadinessProbeFailed", "StartupProbeFailed", "OOMKilling", "Evicted", "FailedScheduling", "Scheduled", "Preempted"},
		},
		Loki: LogsLokiConfig{
			RelabelConfigs:   []*relabel.Config{},
			EndpointLabels:   []string{"endpoint", "service_name", "app_kubernetes_io_name", "app"},
			DeploymentLabels: []string{"deployment", "k8s_deployment_name", "k8s_statefulset_name", "app_kubernetes_io_version", "service_version"},
			InstanceLabels:   []string{"instance", "service_instance_id", "pod", "pod_name", "k8s_pod_name", "container_id", "host", "hostname", "nodename"},
			ContainerLabels:  []string{"container", "container_name", "k8s_container_name"},
			ImageLabels:      []string{"image", "image_name", "container_image", "container_image_name"},
		},
	}
}

func (c LogsConfig) validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.MaxRows < 1 {
		bad("max_rows", c.MaxRows, "must be at least 1")
	}
	if c.MaxRow < 1<<10 {
		bad("max_row", c.MaxRow, "must be at least 1KiB")
	}
	if c.MaxField < 256 || c.MaxField > c.MaxRow {
		bad("max_field", c.MaxField, "must be at least 256B and at most max_row")
	}
	if c.MaxFieldName < 16 {
		bad("max_field_name", c.MaxFieldName, "must be at least 16B")
	}
	if c.MaxProperties < 0 || c.MaxProperties > 4096 {
		bad("max_properties", c.MaxProperties, "must be from 0 to 4096")
	}
	if c.MaxDepth < 1 || c.MaxDepth > 256 {
		bad("max_depth", c.MaxDepth, "must be from 1 to 256")
	}
	for _, list := range []struct {
		key   string
		names []string
	}{
		{"otlp.container_attributes", c.OTLP.ContainerAttributes}, {"otlp.image_attributes", c.OTLP.ImageAttributes}, {"otlp.event_names", c.OTLP.EventNames},
		{"otlp.resource_attributes", c.OTLP.ResourceAttributes},
		{"loki.endpoint_labels", c.Loki.EndpointLabels}, {"loki.deployment_labels", c.Loki.DeploymentLabels}, {"loki.instance_labels", c.Loki.InstanceLabels},
		{"loki.container_labels", c.Loki.ContainerLabels}, {"loki.image_labels", c.Loki.ImageLabels},
	} {
		for _, name := range list.names {
			if strings.TrimSpace(name) == "" {
				bad(list.key, list.names, "must not hold an empty name")
				break
			}
		}
	}
	_, err := relabelRules("loki.relabel_configs", c.Loki.RelabelConfigs)
	return errors.Join(append(errs, err)...)
}
