package ingest

import (
	"errors"
	"strings"
	"time"

	"github.com/prometheus/otlptranslator"

	"github.com/endscope/endscope/internal/config"
)

// OTLPConfig is what an operator writes under `ingest.otlp`.
type OTLPConfig struct {
	EndpointAttributes   []string `yaml:"endpoint_attributes" help:"Resource attributes that name the endpoint; the first that is set counts. An SDK's unknown_service is not set."`
	DeploymentAttributes []string `yaml:"deployment_attributes" help:"Resource attributes that name the deployment; the first that is set counts."`
	InstanceAttributes   []string `yaml:"instance_attributes" help:"Resource attributes that name the instance; the first that is set counts."`

	PromoteResourceAttributes []string      `yaml:"promote_resource_attributes" help:"Resource attributes that become labels of every series; the others are labels of target_info."`
	TranslationStrategy       string        `yaml:"translation_strategy" help:"How names become Prometheus's: UnderscoreEscapingWithSuffixes, UnderscoreEscapingWithoutSuffixes, NoUTF8EscapingWithSuffixes or NoTranslation."`
	ConvertHistogramsToNHCB   bool          `yaml:"convert_histograms_to_nhcb" help:"Store histograms with explicit buckets as native histograms with custom buckets instead of one series per bucket."`
	MaxDeltaSeries            int           `yaml:"max_delta_series" help:"Most series with delta temporality whose sums are kept in memory; samples of others are refused."`
	DeltaStaleness            time.Duration `yaml:"delta_staleness" help:"Time without a sample after which the sum of a series with delta temporality is forgotten; it then starts from zero."`
}

// defaultOTLPConfig maps what the OpenTelemetry SDKs and the Kubernetes attributes processor set.
func defaultOTLPConfig() OTLPConfig {
	return OTLPConfig{
		EndpointAttributes:        []string{"endscope.endpoint", "service.name"},
		DeploymentAttributes:      []string{"endscope.deployment", "k8s.deployment.name", "k8s.statefulset.name", "service.version", "deployment.environment.name"},
		InstanceAttributes:        []string{"endscope.instance", "service.instance.id", "k8s.pod.name", "container.id", "host.name"},
		PromoteResourceAttributes: []string{},
		TranslationStrategy:       string(otlptranslator.UnderscoreEscapingWithSuffixes),
		MaxDeltaSeries:            100_000,
		DeltaStaleness:            time.Hour,
	}
}

func (c OTLPConfig) validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	for key, names := range map[string][]string{
		"endpoint_attributes": c.EndpointAttributes, "deployment_attributes": c.DeploymentAttributes,
		"instance_attributes": c.InstanceAttributes, "promote_resource_attributes": c.PromoteResourceAttributes,
	} {
		for _, name := range names {
			if strings.TrimSpace(name) == "" {
				bad(key, names, "must not hold an empty name")
				break
			}
		}
	}
	switch otlptranslator.TranslationStrategyOption(c.TranslationStrategy) {
	case otlptranslator.UnderscoreEscapingWithSuffixes, otlptranslator.UnderscoreEscapingWithoutSuffixes,
		otlptranslator.NoUTF8EscapingWithSuffixes, otlptranslator.NoTranslation:
	default:
		bad("translation_strategy", c.TranslationStrategy, "must be one of UnderscoreEscapingWithSuffixes, UnderscoreEscapingWithoutSuffixes, NoUTF8EscapingWithSuffixes, NoTranslation")
	}
	if c.MaxDeltaSeries < 0 {
		bad("max_delta_series", c.MaxDeltaSeries, "must not be negative")
	}
	if c.DeltaStaleness < time.Minute {
		bad("delta_staleness", c.DeltaStaleness, "must be at least 1m")
	}
	return errors.Join(errs...)
}
