package logs

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/value"
	"github.com/endscope/endscope/scopes"
)

// MetricReader reads the metric catalogue for the table AzureMetrics. It is safe for concurrent use.
type MetricReader interface {
	// Oldest returns the time of the oldest sample, zero when there is none.
	Oldest() (time.Time, error)
	// Newest returns the end of the newest minute that has ended.
	Newest() time.Time
	// ReadMinutes returns one row for each metric, scope and minute that has a value and starts in [from, to). An empty name stands for all.
	// Errors are those of questions about metrics.
	ReadMinutes(ctx context.Context, q MetricQuestion) ([]MetricMinute, error)
}

// MetricQuestion asks for minutes. From and To are whole minutes.
type MetricQuestion struct {
	From, To   time.Time
	Metric     string
	Endpoint   string
	Deployment string
}

// MetricMinute is one metric of one scope in one minute. Aggregations that the metric does not have, or that have no value, are nil.
type MetricMinute struct {
	Start                                    time.Time
	Scope                                    scopes.Path // an endpoint, or a deployment
	Metric                                   string
	Unit                                     scopes.Unit
	Average, Minimum, Maximum, Total, Number *float64
}

// azureMetrics is the table AzureMetrics: a view of the metric store, which keeps nothing itself.
type azureMetrics struct {
	reader MetricReader
	who    Identity
	decl   *logrows.Table
}

// NewAzureMetrics makes the table AzureMetrics over a metric store.
func NewAzureMetrics(reader MetricReader, who Identity) kql.Source {
	number := func(name, help string) logrows.Column {
		return logrows.Column{Name: name, Type: logrows.Real, Help: help}
	}
	return &azureMetrics{reader, who, &logrows.Table{
		Name: "AzureMetrics", Help: "The metrics of the catalogue by endpoint and deployment, one row a minute, read from the metric store.",
		Columns: []logrows.Column{
			{Name: columnTime, Type: logrows.Datetime, Help: "Start of the minute, in UTC."},
			text("MetricName", "Name of the metric in the catalogue."),
			number("Average", "Average over the minute, where the metric has it."),
			number("Minimum", "Least value in the minute, where the metric has it."),
			number("Maximum", "Greatest value in the minute, where the metric has it."),
			number("Total", "Sum over the minute, where the metric has it."),
			number("Count", "Number of samples in the minute, where the metric has it."),
			text("TimeGrain", "Always PT1M."),
			text("UnitName", "Unit of the metric."),
			text("EndpointName", "The endpoint."),
			text("DeploymentName", "The deployment; empty for metrics of the whole endpoint."),
			text("Resource", "Name of the endpoint or deployment."),
			text("ResourceId", "Azure's id of the endpoint or deployment, in upper case as the service writes it."),
			text("ResourceGroup", "Resource group in the id."),
			text("ResourceProvider", "Resource provider in the id."),
			text("SubscriptionId", "Subscription in the id."),
			text("_ResourceId", "Azure's id of the endpoint or deployment."),
			text("_SubscriptionId", "Subscription in the id."),
			text("TenantId", "The id of this server's log workspace."),
			text(columnSource, "Always Endscope."),
			text("Type", "The name of the table."),
		},
	}}
}

func (t *azureMetrics) Declaration() *logrows.Table { return t.decl }

// metricChunk is how much time is read from the metric store at once.
const metricChunk = 6 * time.Hour

// Scan reads minutes, the newest first, piece by piece as they are asked for.
func (t *azureMetrics) Scan(_ context.Context, s kql.Scan) (kql.Rows, error) {
	r := &metricRows{table: t, scan: s}
	for i, v := range s.Equal {
		want, _ := v.(string)
		switch t.decl.Columns[i].Name {
		case "MetricName":
			r.ask.Metric = want
		case "EndpointName":
			r.ask.Endpoint = want
		case "DeploymentName":
			r.ask.Deployment = want
		}
	}
	oldest, err := t.reader.Oldest()
	if err != nil {
		return nil, fmt.Errorf("AzureMetrics: %w", err)
	}
	newest := t.reader.Newest()
	if oldest.IsZero() {
		return r, nil
	}
	r.from, r.to = oldest.Truncate(time.Minute), newest
	if from := s.From.Go(); from.After(r.from) {
		r.from = from.Add(time.Minute - time.Nanosecond).Truncate(time.Minute)
	}
	if to := s.To.Go(); to.Before(r.to) {
		r.to = to.Truncate(time.Minute).Add(time.Minute)
	}
	return r, nil
}

// metricRows is an answer from AzureMetrics.
type metricRows struct {
	table    *azureMetrics
	scan     kql.Scan
	ask      MetricQuestion
	from, to time.Time // what is still to be read
}

func (r *metricRows) Next(ctx context.Context) ([]kql.Row, error) {
	for r.to.After(r.from) {
		r.ask.To = r.to
		r.ask.From = r.to.Add(-metricChunk)
		if r.ask.From.Before(r.from) {
			r.ask.From = r.from
		}
		r.to = r.ask.From
		minutes, err := r.table.reader.ReadMinutes(ctx, r.ask)
		if err != nil {
			return nil, fmt.Errorf("AzureMetrics from %s to %s: %w", r.ask.From.Format(time.RFC3339), r.ask.To.Format(time.RFC3339), err)
		}
		if len(minutes) > 0 {
			return r.table.rows(minutes), nil
		}
	}
	return nil, io.EOF
}

func (r *metricRows) Close() error { return nil }

func (t *azureMetrics) rows(minutes []MetricMinute) []kql.Row {
	number := func(f *float64) value.Value {
		if f == nil {
			return nil
		}
		return *f
	}
	out := make([]kql.Row, len(minutes))
	for i, m := range minutes {
		id := fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices/workspaces/%s/onlineEndpoints/%s",
			t.who.Subscription, azureGroup, azureWorkspace, m.Scope.Endpoint)
		name := m.Scope.Endpoint
		if m.Scope.Deployment != "" {
			id, name = id+"/deployments/"+m.Scope.Deployment, m.Scope.Deployment
		}
		out[i] = kql.Row{
			value.FromGo(m.Start), m.Metric, number(m.Average), number(m.Minimum), number(m.Maximum), number(m.Total), number(m.Number), "PT1M", string(m.Unit),
			m.Scope.Endpoint, m.Scope.Deployment, name, strings.ToUpper(id), strings.ToUpper(azureGroup), "MICROSOFT.MACHINELEARNINGSERVICES", t.who.Subscription,
			id, t.who.Subscription, t.who.Workspace, "Endscope", t.decl.Name,
		}
	}
	return out
}
