package scrape

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/internal/config"
)

// Config is what the operator writes about scraping. Its zero value is not valid; begin with DefaultConfig.
type Config struct {
	Targets       []string               `yaml:"targets" help:"URLs of the metric pages of model servers and proxies, such as http://127.0.0.1:8000; without a path, the usual ones are tried. #kind=vllm at the end says what the server is."`
	Mappings      []string               `yaml:"mappings" help:"Files with mappings of the operator's own; one with the kind of a built-in mapping takes its place."`
	Job           string                 `yaml:"job" help:"Value of the label job on scraped series; empty means the kind of the server."`
	Raw           bool                   `yaml:"raw" help:"Whether the scraped series are pushed beside the canonical ones."`
	MaxBody       config.Bytes           `yaml:"max_body" help:"Largest page, inflated. A larger one is refused as a whole."`
	MaxSeries     int                    `yaml:"max_series" help:"Most series of one target; those beyond it are left out, canonical ones last."`
	MaxLabels     int                    `yaml:"max_labels" help:"Most labels of one scraped series; one with more is left out."`
	MaxLabelName  config.Bytes           `yaml:"max_label_name" help:"Longest name of a scraped series or label; a series with a longer one is left out."`
	MaxLabelValue config.Bytes           `yaml:"max_label_value" help:"Longest value of a label; a scraped series with a longer one is left out."`
	Interval      time.Duration          `yaml:"interval" help:"How often targets are scraped; 0 means the agent's interval."`
	Timeout       time.Duration          `yaml:"timeout" help:"How long one scrape may take; 0 means four fifths of the interval, at most 10s."`
	HTTPClient    agent.HTTPClientConfig `yaml:"http_client"`
}

// DefaultConfig returns the defaults: no targets.
func DefaultConfig() Config {
	return Config{Raw: true, MaxBody: 10 << 20, MaxSeries: 20_000, MaxLabels: 48, MaxLabelName: 256, MaxLabelValue: 4 << 10}
}

// Source returns the collector as the agent wants it.
func (c Config) Source(col agent.Collector) agent.Source {
	return agent.Source{Collector: col, Interval: c.Interval, Timeout: c.Timeout}
}

// Validate returns a *config.FieldError for each bad key, joined. It does not read files.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	seen := map[string]bool{}
	for i, t := range c.Targets {
		key := fmt.Sprintf("targets[%d]", i)
		if _, _, err := parseTarget(t); err != nil {
			bad(key, quoted(redacted(t)), err.Error())
		} else if seen[t] {
			bad(key, quoted(redacted(t)), "must name each URL once")
		}
		seen[t] = true
	}
	for i, m := range c.Mappings {
		if m == "" {
			bad(fmt.Sprintf("mappings[%d]", i), `""`, "must be the name of a file")
		}
	}
	for _, l := range []struct {
		key   string
		value int64
		min   int64
		bound string
	}{
		{"max_body", int64(c.MaxBody), 1 << 10, "must be at least 1KiB"},
		{"max_series", int64(c.MaxSeries), 1, "must be at least 1"},
		{"max_labels", int64(c.MaxLabels), 1, "must be at least 1"},
		{"max_label_name", int64(c.MaxLabelName), 1, "must be at least 1B"},
		{"max_label_value", int64(c.MaxLabelValue), 1, "must be at least 1B"},
	} {
		if l.value < l.min {
			bad(l.key, l.value, l.bound)
		}
	}
	if c.MaxBody > 1<<30 {
		bad("max_body", c.MaxBody, "must be at most 1GiB")
	}
	if c.Interval != 0 && c.Interval < 100*time.Millisecond {
		bad("interval", c.Interval, "must be 0 or at least 100ms")
	}
	if c.Timeout < 0 || c.Interval != 0 && c.Timeout > c.Interval {
		bad("timeout", c.Timeout, "must be between 0 and the interval")
	}
	return errors.Join(append(errs, config.Prefix("http_client", c.HTTPClient.Validate()))...)
}

// parseTarget reads a target's URL and the kinds that its fragment names. The message of its error reads on from the key.
func parseTarget(text string) (*url.URL, []string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, nil, errors.New("must be a URL such as http://127.0.0.1:8000/metrics")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return nil, nil, errors.New("must have a port from 1 to 65535")
		}
	}
	if u.User != nil {
		return nil, nil, errors.New("must have no user; see http_client for credentials")
	}
	var kinds []string
	if u.Fragment != "" {
		list, ok := strings.CutPrefix(u.Fragment, "kind=")
		kinds = strings.Split(list, ",")
		for _, k := range kinds {
			ok = ok && validKind(k)
		}
		if !ok {
			return nil, nil, errors.New("must have no fragment but #kind= with kinds, such as #kind=vllm")
		}
	}
	u.Fragment, u.RawFragment = "", ""
	return u, kinds, nil
}

// redacted hides a password in what the operator wrote as a URL.
func redacted(text string) string {
	if u, err := url.Parse(text); err == nil {
		return u.Redacted()
	}
	return text
}
