package ingest

import (
	"errors"
	"time"

	"github.com/endscope/endscope/internal/config"
	"github.com/prometheus/prometheus/model/relabel"
)

// Config is what an operator writes under `ingest`.
type Config struct {
	MaxBody              config.Bytes  `yaml:"max_body" help:"Largest request body, as sent. Larger ones are answered 413."`
	MaxDecoded           config.Bytes  `yaml:"max_decoded" help:"Largest request body after decompression. Larger ones are answered 413 before they are inflated."`
	MaxLabels            int           `yaml:"max_labels" help:"Most labels of one series, the name included."`
	MaxLabelName         config.Bytes  `yaml:"max_label_name" help:"Longest label name."`
	MaxLabelValue        config.Bytes  `yaml:"max_label_value" help:"Longest label value."`
	MaxSeries            int           `yaml:"max_series" help:"Most active series in all; samples of new series beyond it are refused. 0 means no limit."`
	MaxSeriesPerEndpoint int           `yaml:"max_series_per_endpoint" help:"Most active series of one endpoint; samples of new series beyond it are refused. 0 means no limit."`
	MaxAhead             time.Duration `yaml:"max_ahead" help:"How far in the future a sample may be by this machine's clock."`
	MaxInFlight          config.Bytes  `yaml:"max_in_flight" help:"Sum of the bodies of all pushes in progress, as sent and after decompression. Pushes beyond it are answered 429."`
	SeriesCache          config.Bytes  `yaml:"series_cache" help:"Memory for finding known series by the bytes of their labels."`
	MetadataEntries      int           `yaml:"metadata_entries" help:"Most metric names whose type, unit and help are remembered."`

	OTLP OTLPConfig `yaml:"otlp" help:"How OTLP metrics become series."`
	Logs LogsConfig `yaml:"logs" help:"Limits on pushed log rows, and how other protocols' logs become rows."`

	RelabelConfigs []*relabel.Config `yaml:"relabel_configs" help:"Relabelling of every pushed series, in Prometheus's syntax; may derive endpoint, deployment and instance."`
}

// DefaultConfig returns the configuration that a server has when nothing is set.
func DefaultConfig() Config {
	return Config{
		MaxBody:              32 << 20,
		MaxDecoded:           128 << 20,
		MaxLabels:            64,
		MaxLabelName:         256,
		MaxLabelValue:        4 << 10,
		MaxSeries:            5_000_000,
		MaxSeriesPerEndpoint: 1_000_000,
		MaxAhead:             10 * time.Minute,
		MaxInFlight:          1 << 30,
		SeriesCache:          512 << 20,
		MetadataEntries:      20_000,
		OTLP:                 defaultOTLPConfig(),
		Logs:                 defaultLogsConfig(),
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.MaxBody < 1<<10 {
		bad("max_body", c.MaxBody, "must be at least 1KiB")
	}
	if c.MaxDecoded < c.MaxBody {
		bad("max_decoded", c.MaxDecoded, "must be at least max_body")
	}
	if c.MaxInFlight < c.MaxBody+c.MaxDecoded {
		bad("max_in_flight", c.MaxInFlight, "must be at least max_body and max_decoded together, or the largest push could never be taken")
	}
	if c.MaxLabels < 4 {
		bad("max_labels", c.MaxLabels, "must be at least 4: the name and the three of the identity")
	}
	if c.MaxLabelName < 16 {
		bad("max_label_name", c.MaxLabelName, "must be at least 16B")
	}
	if c.MaxLabelValue < 128 {
		bad("max_label_value", c.MaxLabelValue, "must be at least 128B")
	}
	if c.MaxSeries < 0 {
		bad("max_series", c.MaxSeries, "must not be negative")
	}
	if c.MaxSeriesPerEndpoint < 0 {
		bad("max_series_per_endpoint", c.MaxSeriesPerEndpoint, "must not be negative")
	}
	if c.MaxAhead < 0 {
		bad("max_ahead", c.MaxAhead, "must not be negative")
	}
	if c.SeriesCache < 1<<20 {
		bad("series_cache", c.SeriesCache, "must be at least 1MiB")
	}
	if c.MetadataEntries < 0 {
		bad("metadata_entries", c.MetadataEntries, "must not be negative")
	}
	_, err := relabelRules("relabel_configs", c.RelabelConfigs)
	errs = append(errs, err, config.Prefix("otlp", c.OTLP.validate()), config.Prefix("logs", c.Logs.validate()))
	return errors.Join(errs...)
}
