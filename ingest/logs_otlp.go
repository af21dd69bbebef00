package ingest

import (
	"context"
	"math"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/endscope/endscope/scopes"
)

// Members of Properties that hold what a record has beside its body, attributes and columns.
const (
	propertySeverity       = "SeverityText"
	propertySeverityNumber = "SeverityNumber"
	propertyTrace          = "TraceId"
	propertySpan           = "SpanId"
	propertyEvent          = "EventName"
	propertyScope          = "Scope"
	propertyResource       = "Resource"
)

// WriteOTLPLogs stores OTLP log records as rows of the console log, and those of container life cycles as rows of the event log. Resource
// attributes become endpoint, deployment and instance as they do for metrics; the other attributes, severity, ids of trace and span, scope
// and resource are kept in Properties.
//
// An error means that nothing of the request is acknowledged: an *Error for too many rows or too much at once, or the store's error. When
// it comes after one of the two tables was written, a sender that tries again stores those rows twice.
func (in *Ingester) WriteOTLPLogs(ctx context.Context, ld plog.Logs) (LogsResult, error) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil {
		return LogsResult{}, err
	}
	o := otlpLogs{in: in}
	for name, b := range map[string]**logBatch{consoleTable: &o.console, eventTable: &o.event} {
		t, err := in.logTable(name)
		if err != nil {
			o.free()
			return LogsResult{}, err
		}
		rows := ld.LogRecordCount()
		if name == eventTable {
			rows = min(rows, 64)
		}
		*b = in.newLogRows(t, grants, "OTLP", rows)
	}
	resources := ld.ResourceLogs()
	for i := range resources.Len() {
		if err := o.resource(resources.At(i)); err != nil {
			o.free()
			return LogsResult{}, err
		}
	}
	events, err := in.commitLogs(ctx, o.event)
	if err != nil {
		o.console.free()
		return LogsResult{}, err
	}
	result, err := in.commitLogs(ctx, o.console)
	if err != nil {
		return LogsResult{}, err
	}
	result.add(&events)
	return result, nil
}

// otlpLogs is one request on its way into batches.
type otlpLogs struct {
	in             *Ingester
	console, event *logBatch

	// Of the resource in progress:
	endpoint, deployment, instance, container, image string
	pod                                              string // that an event is about
	resourceText, scopeText                          []byte // JSON of what is kept in Properties, "" for nothing
	resourceDepth, scopeDepth                        int
	scratch                                          []byte
}

func (o *otlpLogs) free() {
	for _, b := range []*logBatch{o.console, o.event} {
		if b != nil {
			b.free()
		}
	}
}

func (o *otlpLogs) resource(rl plog.ResourceLogs) error {
	cfg := &o.in.cfg
	attributes := rl.Resource().Attributes()
	var used []string
	first := func(names []string) string {
		name, text := firstNamed(attributes, names)
		if name != "" {
			used = append(used, name)
		}
		return text
	}
	o.endpoint, o.deployment, o.instance = first(cfg.OTLP.EndpointAttributes), first(cfg.OTLP.DeploymentAttributes), first(cfg.OTLP.InstanceAttributes)
	o.container = first(cfg.Logs.OTLP.ContainerAttributes)
	if o.image = first(cfg.Logs.OTLP.ImageAttributes); o.image != "" {
		o.image = withTag(o.image, attributes)
	}
	o.pod = ""
	if kind, ok := attributes.Get("k8s.object.kind"); ok && kind.AsString() == "Pod" {
		_, o.pod = firstNamed(attributes, []string{"k8s.object.name"})
	}
	all := slices.Contains(cfg.Logs.OTLP.ResourceAttributes, "*")
	attributes.RemoveIf(func(name string, _ pcommon.Value) bool {
		return slices.Contains(used, name) || !all && !slices.Contains(cfg.Logs.OTLP.ResourceAttributes, name)
	})
	o.resourceText = o.resourceText[:0]
	if attributes.Len() > 0 {
		o.resourceText, o.resourceDepth = appendOTLPMap(o.resourceText, attributes)
	}
	for i := range rl.ScopeLogs().Len() {
		sl := rl.ScopeLogs().At(i)
		o.scope(sl.Scope())
		for j := range sl.LogRecords().Len() {
			if err := o.record(sl.LogRecords().At(j)); err != nil {
				return err
			}
		}
	}
	return nil
}

// scope prepares what is kept of an instrumentation scope: its attributes, name and version.
func (o *otlpLogs) scope(scope pcommon.InstrumentationScope) {
	o.scopeText = o.scopeText[:0]
	attributes := scope.Attributes()
	for _, x := range [...]struct{ name, text string }{{"Name", scope.Name()}, {"Version", scope.Version()}} {
		if x.text != "" {
			attributes.PutStr(x.name, x.text)
		}
	}
	if attributes.Len() > 0 {
		o.scopeText, o.scopeDepth = appendOTLPMap(o.scopeText, attributes)
	}
}

func (o *otlpLogs) record(r plog.LogRecord) error {
	attributes := r.Attributes()
	b := o.console
	name, isEvent := o.eventOf(r)
	if isEvent {
		b = o.event
	}
	if err := b.begin(); err != nil {
		return err
	}
	roles := &b.t.roles
	at := r.Timestamp()
	if at == 0 {
		at = r.ObservedTimestamp()
	}
	switch {
	case at > math.MaxInt64:
		b.fault(ReasonFuture, columnTime, nil, "the record's time is after the year 2262")
	case at != 0:
		b.setLong(roles.time, ticksOfNano(int64(at)))
	}
	b.setGiven(roles.endpoint, o.endpoint)
	b.setGiven(roles.deployment, o.deployment)
	instance := o.instance
	if isEvent && instance == "" {
		instance = o.pod
	}
	b.setGiven(roles.instance, instance)
	body := r.Body()
	if body.Type() == pcommon.ValueTypeStr {
		b.setGiven(roles.message, body.Str())
	} else if body.Type() != pcommon.ValueTypeEmpty {
		var depth int
		if o.scratch, depth = appendOTLPValue(o.scratch[:0], body); depth > b.in.cfg.Logs.MaxDepth {
			b.tooDeep(columnMessage, depth)
		}
		b.setText(roles.message, o.scratch)
	}
	if isEvent {
		b.setGiven(roles.name, name)
	} else {
		b.setGiven(roles.container, o.orOf(o.container, attributes, b.in.cfg.Logs.OTLP.ContainerAttributes))
		image := o.image
		if image == "" {
			if image = o.orOf("", attributes, b.in.cfg.Logs.OTLP.ImageAttributes); image != "" {
				image = withTag(image, attributes)
			}
		}
		b.setGiven(roles.image, image)
	}
	o.properties(b, r)
	b.end(place{})
	return nil
}

// orOf returns a value of the resource, or else the record's.
func (o *otlpLogs) orOf(value string, attributes pcommon.Map, names []string) string {
	if value != "" || attributes.Len() == 0 {
		return value
	}
	return firstAttribute(attributes, names)
}

// properties keeps everything of a record that has no column. An attribute that has one of our names gives way.
func (o *otlpLogs) properties(b *logBatch, r plog.LogRecord) {
	for name, v := range r.Attributes().All() {
		b.endProperty(appendOTLPValue(b.property(name), v))
	}
	for _, x := range [...]struct{ name, text string }{{propertySeverity, r.SeverityText()}, {propertyEvent, r.EventName()}} {
		if x.text != "" {
			b.textProperty(x.name, x.text)
		}
	}
	if n := r.SeverityNumber(); n != plog.SeverityNumberUnspecified {
		b.endProperty(appendOTLPValue(b.property(propertySeverityNumber), pcommon.NewValueInt(int64(n))))
	}
	if id := r.TraceID(); !id.IsEmpty() {
		b.textProperty(propertyTrace, id.String())
	}
	if id := r.SpanID(); !id.IsEmpty() {
		b.textProperty(propertySpan, id.String())
	}
	if len(o.scopeText) > 0 {
		b.endProperty(append(b.property(propertyScope), o.scopeText...), o.scopeDepth)
	}
	if len(o.resourceText) > 0 {
		b.endProperty(append(b.property(propertyResource), o.resourceText...), o.resourceDepth)
	}
}

// eventOf says whether a record tells of a container's life cycle, and the name of what happened: an event of Kubernetes, which has a
// reason, or one whose event name is configured as such.
func (o *otlpLogs) eventOf(r plog.LogRecord) (name string, ok bool) {
	attributes := r.Attributes()
	if reason, ok := attributes.Get("k8s.event.reason"); ok && reason.AsString() != "" {
		return probeFailure(reason.AsString(), r.Body()), true
	}
	if name = r.EventName(); name == "" {
		if v, ok := attributes.Get("event.name"); ok {
			name = v.AsString()
		}
	}
	return name, name != "" && slices.Contains(o.in.cfg.Logs.OTLP.EventNames, name)
}

// probeFailure gives Kubernetes's word for failed probes the names that the event log has for them.
func probeFailure(reason string, body pcommon.Value) string {
	if reason != "Unhealthy" || body.Type() != pcommon.ValueTypeStr {
		return reason
	}
	for _, probe := range []string{"Liveness", "Readiness", "Startup"} {
		if strings.HasPrefix(body.Str(), probe+" probe ") {
			return probe + "ProbeFailed"
		}
	}
	return reason
}

// withTag adds the tag that attributes tell of to the name of an image that has none.
func withTag(image string, attributes pcommon.Map) string {
	if last := image[strings.LastIndexByte(image, '/')+1:]; strings.ContainsAny(last, ":@") {
		return image
	}
	tags, ok := attributes.Get("container.image.tags")
	if ok && tags.Type() == pcommon.ValueTypeSlice && tags.Slice().Len() > 0 {
		tags = tags.Slice().At(0)
	} else if tags, ok = attributes.Get("container.image.tag"); !ok {
		return image
	}
	if tag := tags.AsString(); tag != "" {
		return image + ":" + tag
	}
	return image
}

// add takes over the counts of another part of the same request.
func (r *LogsResult) add(o *LogsResult) {
	r.Rows += o.Rows
	r.Dropped += o.Dropped
	for _, x := range o.refused {
		r.refused.add(x.Reason, x.Count, func() string { return x.Example })
	}
}
