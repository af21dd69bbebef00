package ingest

import (
	"context"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/scopes"
)

// WriteLokiJSON stores a push in Loki's JSON form, WriteLokiProto one in its protobuf form, compressed as a snappy block: each entry is a
// row of the console log. Labels of the stream, or else of the entry's structured metadata, become endpoint, deployment, instance,
// container and image by configuration; the others are kept in Properties. The body may be used again when they return.
//
// An error means that nothing is stored: *Error for a broken body, too many entries or too much at once, or the store's error.
func (in *Ingester) WriteLokiJSON(ctx context.Context, body []byte) (LogsResult, error) {
	l, err := in.newLokiPush(ctx, 1+len(body)/256)
	if err != nil {
		return LogsResult{}, err
	}
	p := lokiJSON{lokiPush: l}
	return l.done(ctx, p.read(body))
}

// WriteLokiProto is described at WriteLokiJSON.
func (in *Ingester) WriteLokiProto(ctx context.Context, body []byte) (LogsResult, error) {
	msg, free, err := in.inflateSnappy(body)
	if err != nil {
		return LogsResult{}, err
	}
	defer free()
	l, err := in.newLokiPush(ctx, 1+len(msg)/256)
	if err != nil {
		return LogsResult{}, err
	}
	return l.done(ctx, l.proto(msg))
}

// lokiPush is one push on its way into a batch.
type lokiPush struct {
	b       *logBatch
	cfg     *LogsLokiConfig
	roles   map[string]lokiRole
	labels  []labels.Label // of the stream in progress, those that are kept in Properties
	columns [lokiColumns]string
	ranks   [lokiColumns]int // of the labels that columns are from, the lower the better; the entry's own while it is read
	dropped bool             // relabelling drops the stream
	count   int              // entries that it dropped
}

// The columns that labels may become.
const (
	lokiEndpoint = iota
	lokiDeployment
	lokiInstance
	lokiContainer
	lokiImage
	lokiColumns
)

// lokiRole says which column a label becomes where no label of a lower rank is set.
type lokiRole struct{ column, rank int }

const noRank = 1 << 30

// lokiRoles makes the lists of the configuration a table. A label that is in two lists is of the first.
func lokiRoles(cfg *LogsLokiConfig) map[string]lokiRole {
	roles := map[string]lokiRole{}
	for column, names := range [lokiColumns][]string{cfg.EndpointLabels, cfg.DeploymentLabels, cfg.InstanceLabels, cfg.ContainerLabels, cfg.ImageLabels} {
		for rank, name := range names {
			if _, taken := roles[name]; !taken {
				roles[name] = lokiRole{column, rank}
			}
		}
	}
	return roles
}

func (in *Ingester) newLokiPush(ctx context.Context, rows int) (*lokiPush, error) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return nil, err
	}
	t, err := in.logTable(consoleTable)
	if err != nil {
		return nil, err
	}
	return &lokiPush{b: in.newLogRows(t, grants, "Loki", rows), cfg: &in.cfg.Logs.Loki, roles: in.lokiRoles}, nil
}

// done commits what was read, or frees it when it could not be read.
func (l *lokiPush) done(ctx context.Context, err error) (LogsResult, error) {
	if err != nil {
		l.b.free()
		return LogsResult{}, err
	}
	in := l.b.in
	result, err := in.commitLogs(ctx, l.b)
	if err == nil {
		result.Dropped = l.count
		in.metrics.logDropped.Add(float64(l.count))
	}
	return result, err
}

// stream takes the labels of the entries that follow. Labels of relabelling's own, which begin with two underscores, are left out after it.
func (l *lokiPush) stream(given []labels.Label) {
	l.labels, l.dropped = given, false
	if len(l.cfg.RelabelConfigs) > 0 {
		b := labels.NewScratchBuilder(len(given))
		for _, x := range given {
			b.Add(x.Name, x.Value)
		}
		b.Sort()
		relabelled := labels.NewBuilder(b.Labels())
		l.dropped = !relabel.ProcessBuilder(relabelled, l.cfg.RelabelConfigs...)
		l.labels = l.labels[:0]
		relabelled.Range(func(x labels.Label) {
			if !strings.HasPrefix(x.Name, "__") {
				l.labels = append(l.labels, x)
			}
		})
	}
	l.columns = [lokiColumns]string{}
	for c := range l.ranks {
		l.ranks[c] = noRank
	}
	for _, x := range l.labels {
		l.role(x.Name, x.Value)
	}
	kept := l.labels[:0]
	for _, x := range l.labels {
		if r, ok := l.roles[x.Name]; ok && l.ranks[r.column] == r.rank {
			continue
		}
		if x.Value != "" {
			kept = append(kept, x)
		}
	}
	l.labels = kept
}

// role lets a label become a column, if it may and no better one did.
func (l *lokiPush) role(name, value string) {
	r, ok := l.roles[name]
	if !ok || value == "" || r.rank >= l.ranks[r.column] || r.column == lokiEndpoint && unknownService(value) {
		return
	}
	l.columns[r.column], l.ranks[r.column] = value, r.rank
}

// begin starts the row of one entry, which is not dropped. Metadata and finish follow.
func (l *lokiPush) begin() error {
	if err := l.b.begin(); err != nil {
		return err
	}
	for _, x := range l.labels {
		l.b.textProperty(x.Name, x.Value)
	}
	return nil
}

// finish ends the row of one entry. metadata are labels of its own that may become columns which the stream's do not give.
func (l *lokiPush) finish(line string, metadata []labels.Label) {
	columns, ranks := l.columns, l.ranks
	for _, x := range metadata {
		if r, ok := l.roles[x.Name]; ok && ranks[r.column] == noRank {
			l.role(x.Name, x.Value)
		}
	}
	for _, x := range metadata {
		if r, ok := l.roles[x.Name]; ok && ranks[r.column] == noRank && l.ranks[r.column] == r.rank {
			continue
		}
		l.b.textProperty(x.Name, x.Value)
	}
	roles := &l.b.t.roles
	for c, column := range [lokiColumns]int{roles.endpoint, roles.deployment, roles.instance, roles.container, roles.image} {
		l.b.setGiven(column, l.columns[c])
	}
	l.columns, l.ranks = columns, ranks
	l.b.setGiven(roles.message, line)
	l.b.end(place{})
}

// at sets the time of an entry.
func (l *lokiPush) at(seconds, nanos int64) {
	const first, last = -logrows.UnixEpoch / logrows.TicksPerSecond, (logrows.MaxDatetime - logrows.UnixEpoch) / logrows.TicksPerSecond
	if seconds < first || seconds > last || nanos < 0 || nanos >= 1e9 {
		l.b.fault(ReasonType, columnTime, fmt.Appendf(nil, "%d s %d ns", seconds, nanos), ruleDatetime)
		return
	}
	l.b.setLong(l.b.t.roles.time, logrows.UnixEpoch+seconds*logrows.TicksPerSecond+nanos/100)
}
