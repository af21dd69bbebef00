package web

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql"
)

// chunk is how much of an answer is encoded before it is written.
const chunk = 64 << 10

// writeLogsAnswer writes an answer in the shape of Azure Monitor's query service, which is also ours. What a limit cut says so in "error".
func writeLogsAnswer(w io.Writer, a *kql.Answer, shown logsShown) error {
	b := make([]byte, 0, chunk+chunk/4)
	flush := func() error {
		if len(b) < chunk {
			return nil
		}
		_, err := w.Write(b)
		b = b[:0]
		return err
	}
	b = append(b, `{"tables":[`...)
	for i, t := range a.Tables {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		b = appendJSONText(b, t.Name)
		b = append(b, `,"columns":[`...)
		for j, c := range t.Columns {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"name":`...)
			b = appendJSONText(b, c.Name)
			b = append(b, `,"type":`...)
			b = append(appendJSONText(b, kql.TypeName(c.Type)), '}')
		}
		b = append(b, `],"rows":[`...)
		for j, row := range t.Rows {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendCells(b, t.Columns, row)
			if err := flush(); err != nil {
				return err
			}
		}
		b = append(b, `]}`...)
	}
	b = append(b, ']')
	for _, extra := range []struct {
		name  string
		value any
	}{
		{"statistics", logsStatistics(a, shown)},
		{"render", logsRender(a, shown)},
		{"error", logsPartial(a)},
	} {
		if extra.value == nil {
			continue
		}
		text, err := json.Marshal(extra.value)
		if err != nil {
			return err
		}
		b = append(b, `,"`+extra.name+`":`...)
		b = append(b, text...)
	}
	_, err := w.Write(append(b, '}', '\n'))
	return err
}

// appendCells appends a row as an array.
func appendCells(b []byte, columns []kql.Column, row kql.Row) []byte {
	b = append(b, '[')
	for i, v := range row {
		if i > 0 {
			b = append(b, ',')
		}
		b = kql.AppendCell(b, v, columns[i].Type)
	}
	return append(b, ']')
}

// appendJSONText appends a text as JSON.
func appendJSONText(b []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil { // it cannot happen for a text
		return strconv.AppendQuote(b, text)
	}
	return append(b, quoted...)
}

// logsStatistics are the statistics of an answer in the service's shape, nil where they are not asked for. What this server does not
// measure, such as the service's caches, is left out.
func logsStatistics(a *kql.Answer, shown logsShown) any {
	if !shown.statistics {
		return nil
	}
	type dataset struct {
		Rows int `json:"table_row_count"`
	}
	type rows struct {
		Scanned int `json:"scanned"`
	}
	type input struct {
		Rows rows `json:"rows"`
	}
	type statistics struct {
		Seconds float64   `json:"executionTime"`
		Input   input     `json:"inputDatasetStatistics"`
		Tables  []dataset `json:"datasetStatistics"`
		SQL     int       `json:"sqlStatements"`
	}
	out := statistics{Seconds: a.Stats.Duration.Seconds(), Input: input{rows{a.Stats.Scanned}}, SQL: a.Stats.SQL}
	for _, t := range a.Tables {
		out.Tables = append(out.Tables, dataset{len(t.Rows)})
	}
	return map[string]any{"query": out}
}

// partialCode is the code of an answer that a limit cut, and of a batch of which a part failed.
const partialCode = "PartialError"

// logsPartial says why an answer is not whole, nil where it is: a limit cut it, or rows that were acknowledged cannot be read yet.
func logsPartial(a *kql.Answer) any {
	var details []azureLogsErrorJSON
	var reasons []string
	if a.Partial != nil {
		details = append(details, azureLogsErrorJSON{Code: "QueryExecutionResultSizeLimitExceeded", Message: a.Partial.Error()})
	}
	for _, w := range a.Warnings {
		details = append(details, azureLogsErrorJSON{Code: "RowsMissing", Message: w})
	}
	if details == nil {
		return nil
	}
	for _, d := range details {
		reasons = append(reasons, d.Message)
	}
	return azureLogsErrorJSON{Code: partialCode, Message: "The answer is not whole: " + strings.Join(reasons, "; "), Details: details}
}

// azureLogsErrorJSON is an error in the shape of Azure Monitor's query service.
type azureLogsErrorJSON struct {
	Code    string               `json:"code"`
	Message string               `json:"message"`
	Inner   any                  `json:"innererror,omitempty"`
	Details []azureLogsErrorJSON `json:"details,omitempty"`
}
