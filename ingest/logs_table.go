package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/internal/logrows"
)

// Columns that mean something to ingest, wherever a table has them.
const (
	columnTime         = "TimeGenerated"
	columnEndpoint     = "EndpointName"
	columnDeployment   = "DeploymentName"
	columnInstance     = "InstanceId"
	columnResource     = "_ResourceId"
	columnSubscription = "_SubscriptionId"
	columnUserAgent    = "UserAgent"
	columnMessage      = "Message"
	columnProperties   = "Properties"
	columnType         = "Type"
	columnSource       = "SourceSystem"
	// The traffic table's own words for what a resource id names; the store makes resource ids of them.
	columnAzureSubscription = "SubscriptionId"
	columnAzureWorkspace    = "AzureMLWorkspaceName"
)

// maxUserAgent is how much of a user agent the traffic table keeps, in characters, as the anchor's does.
const maxUserAgent = 70

// logTable is a declared table as rows are filled for it. It does not change, but for its pool of batches.
type logTable struct {
	*logrows.Table
	columns []logColumn
	byName  map[string]int // columns that senders may fill, by name and by name in lower case
	roles   logRoles
	batches sync.Pool
	metrics logTableMetrics

	quotedName []byte // as JSON has it, with quotes
}

type logColumn struct {
	logrows.Column
	quoted   []byte // the name as JSON has it, with quotes
	cut      int    // longest value in characters, longer ones are cut; 0: nothing is cut
	rowBytes int    // memory of one element
}

// logRoles are the indexes of the columns that ingest looks at, -1 for those that a table lacks.
type logRoles struct {
	time, endpoint, deployment, instance, resource, subscription, azureSubscription, azureWorkspace, source, properties int

	message, name, container, image int // of the console and event logs
}

type logTableMetrics struct {
	rows    prometheus.Counter
	refused map[Reason]prometheus.Counter
}

// madeByServer says whether a column's value is not a sender's to give.
func madeByServer(name string) bool {
	switch name {
	case columnResource, columnSubscription:
		return false
	case columnType, columnSource, "TenantId":
		return true
	}
	return strings.HasPrefix(name, "_")
}

func (in *Ingester) newLogTable(t *logrows.Table) (*logTable, error) {
	lt := &logTable{Table: t, byName: map[string]int{}, metrics: in.metrics.logTable(t.Name), quotedName: []byte(`"` + t.Name + `"`)}
	for i, c := range t.Columns {
		col := logColumn{Column: c, quoted: []byte(`"` + c.Name + `"`), rowBytes: 16}
		switch c.Type {
		case logrows.Bool:
			col.rowBytes = 1
		case logrows.Int, logrows.Long, logrows.Datetime, logrows.Timespan, logrows.Real:
			col.rowBytes = 8
		}
		if c.Name == columnUserAgent && c.Type == logrows.String {
			col.cut = maxUserAgent
		}
		lt.columns = append(lt.columns, col)
		if t.Column(c.Name) != i {
			return nil, fmt.Errorf("column %s is declared twice", c.Name)
		}
		if !madeByServer(c.Name) {
			lt.byName[c.Name] = i
		}
	}
	for i, c := range t.Columns { // an exact name wins over another column's in lower case
		lower := strings.ToLower(c.Name)
		if _, taken := lt.byName[lower]; !taken && !madeByServer(c.Name) {
			lt.byName[lower] = i
		}
	}
	role := func(name string, typ logrows.Type) int {
		if i := t.Column(name); i >= 0 && t.Columns[i].Type == typ {
			return i
		}
		return -1
	}
	lt.roles = logRoles{
		time: role(columnTime, logrows.Datetime), endpoint: role(columnEndpoint, logrows.String), deployment: role(columnDeployment, logrows.String),
		instance: role(columnInstance, logrows.String), resource: role(columnResource, logrows.String), subscription: role(columnSubscription, logrows.String),
		azureSubscription: role(columnAzureSubscription, logrows.String), azureWorkspace: role(columnAzureWorkspace, logrows.String),
		source: role(columnSource, logrows.String), properties: role(columnProperties, logrows.Dynamic),
		message: role(columnMessage, logrows.String), name: role("Name", logrows.String),
		container: role("ContainerName", logrows.String), image: role("ContainerImageName", logrows.String),
	}
	if lt.roles.time < 0 || lt.roles.properties < 0 {
		return nil, errors.New("it needs a datetime TimeGenerated and a dynamic Properties")
	}
	lt.batches.New = func() any { return &logBatch{in: in, t: lt, setIn: make([]uint64, len(lt.columns))} }
	return lt, nil
}

// logTable finds a table. It returns a NoSuch *Error that lists the tables, or names the one whose name differs in case.
func (in *Ingester) logTable(name string) (*logTable, error) {
	if t := in.logTables[name]; t != nil {
		return t, nil
	}
	var names []string
	for known := range in.logTables {
		if strings.EqualFold(known, name) {
			return nil, &Error{NoSuch, fmt.Sprintf("there is no log table %q; did you mean %s? Names of tables are case-sensitive", clip([]byte(name)), known)}
		}
		names = append(names, known)
	}
	slices.Sort(names)
	return nil, &Error{NoSuch, fmt.Sprintf("there is no log table %q; there are %s", clip([]byte(name)), strings.Join(names, ", "))}
}
