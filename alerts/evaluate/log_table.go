package evaluate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// maxTableBytes bounds the answer to one question of a log rule.
const maxTableBytes = 20 << 20

// withinTable returns a *LimitError for a table that is too large: cells count eight bytes, and texts their length.
func withinTable(t *alerts.LogTable) error {
	size := int64(len(t.Rows)) * int64(len(t.Columns)) * 8
	for _, r := range t.Rows {
		for _, cell := range r {
			if s, ok := cell.(string); ok {
				size += int64(len(s))
			}
		}
	}
	if size > maxTableBytes {
		return &LimitError{Name: "answer of a log rule's query", Got: size, Limit: maxTableBytes, Unit: "bytes"}
	}
	return nil
}

// logColumns are the places of the columns that a criterion needs.
type logColumns struct {
	time, measure, resource int // -1 for none
	dims                    []int
}

// columnsOf finds them. Names compare as written, and otherwise without case. What is missing is an error that wraps alerts.ErrQuery.
func columnsOf(t *alerts.LogTable, c *criterionPlan) (logColumns, error) {
	find := func(name string) int {
		fold := -1
		for i, col := range t.Columns {
			if col.Name == name {
				return i
			}
			if fold < 0 && strings.EqualFold(col.Name, name) {
				fold = i
			}
		}
		return fold
	}
	must := func(what, name string) (int, error) {
		i := find(name)
		if i < 0 {
			var have []string
			for _, col := range t.Columns {
				have = append(have, col.Name)
			}
			return i, fmt.Errorf("%w: %s %q is no column of the answer, which has %s", alerts.ErrQuery, what, name, strings.Join(have, ", "))
		}
		return i, nil
	}
	out := logColumns{time: find(timeColumn), measure: -1, resource: -1}
	var err error
	if c.measured() {
		if out.measure, err = must("metricMeasureColumn", c.MetricMeasureColumn); err != nil {
			return out, err
		}
	}
	if c.ResourceIDColumn != "" {
		if out.resource, err = must("resourceIdColumn", c.ResourceIDColumn); err != nil {
			return out, err
		}
	}
	for _, d := range c.Dimensions {
		i, err := must("dimension", d.Name)
		if err != nil {
			return out, err
		}
		out.dims = append(out.dims, i)
	}
	return out, nil
}

// measured says whether a criterion takes a column rather than the number of rows.
func (c *criterionPlan) measured() bool { return c.TimeAggregation != scopes.Count }

// cellText writes a cell as the value of a dimension.
func cellText(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(cell)
}

// cellNumber reads a cell as a number; false for what is none, such as null.
func cellNumber(cell any) (float64, bool) {
	var x float64
	switch v := cell.(type) {
	case int64:
		x = float64(v)
	case float64:
		x = v
	case bool:
		if v {
			x = 1
		}
	case string:
		var err error
		if x, err = strconv.ParseFloat(strings.TrimSpace(v), 64); err != nil {
			return 0, false
		}
	case nil:
		return 0, false
	default:
		var err error
		if x, err = strconv.ParseFloat(fmt.Sprint(v), 64); err != nil {
			return 0, false
		}
	}
	return x, !math.IsNaN(x) && !math.IsInf(x, 0)
}

// logTarget returns the scope of a rule that has a single one, the zero Path otherwise.
func logTarget(rule *alerts.Rule) scopes.Path {
	if len(rule.Scopes) == 1 {
		if p, ok := rule.Scopes[0].Concrete(); ok {
			return p
		}
	}
	return scopes.Path{}
}

// scopeOfRow returns the scope that the dimensions EndpointName, DeploymentName and InstanceId name, below the rule's own where they do
// not name all. It returns false where they name none.
func scopeOfRow(dims map[string]string, target scopes.Path) (scopes.Path, bool) {
	names := [3]string{target.Endpoint, target.Deployment, target.Instance}
	for i, column := range []string{"EndpointName", "DeploymentName", "InstanceId"} {
		if v, ok := valueOf(dims, column); ok && v != "" {
			names[i] = v
		}
	}
	if p, err := scopes.NewPath(names[0], names[1], names[2]); err == nil {
		return p, true
	}
	return target, true
}

// scopeOfResource reads a scope path or the resource id of an online endpoint, one of its deployments or (ours) instances.
func scopeOfResource(text string) (scopes.Path, bool) {
	if p, err := scopes.ParsePath(text); err == nil {
		return p, true
	}
	var names [3]string
	parts := strings.Split(strings.Trim(text, "/"), "/")
	for i := 0; i+1 < len(parts); i++ {
		switch strings.ToLower(parts[i]) {
		case "onlineendpoints":
			names = [3]string{parts[i+1]}
		case "deployments":
			names[1] = parts[i+1]
		case "instances":
			names[2] = parts[i+1]
		}
	}
	p, err := scopes.NewPath(names[0], names[1], names[2])
	return p, err == nil
}
