package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/syntax"
)

// logsSchemaJSON is what an editor needs to complete a query.
type logsSchemaJSON struct {
	Tables     []logsTableJSON `json:"tables"`
	Operators  []logsHelpJSON  `json:"operators"`
	Functions  []logsHelpJSON  `json:"functions"`
	Aggregates []logsHelpJSON  `json:"aggregates"`
	Plugins    []logsHelpJSON  `json:"plugins"`
}

type logsTableJSON struct {
	Name    string           `json:"name"`
	Help    string           `json:"help"`
	Columns []logsColumnJSON `json:"columns"`
}

type logsColumnJSON struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Help string `json:"help"`
}

type logsHelpJSON struct {
	Name      string   `json:"name"`
	Signature string   `json:"signature"`
	Help      string   `json:"help"`
	Example   string   `json:"example,omitempty"`
	Aliases   []string `json:"aliases,omitempty"`
}

// handleLogsSchema answers /api/v1/logs/schema: the tables, and the words of the language.
func (s *Server) handleLogsSchema(w http.ResponseWriter, r *http.Request) error {
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	engine := s.set.Logs.Engine
	out := logsSchemaJSON{Tables: []logsTableJSON{}, Plugins: helpJSON(kql.Plugins())}
	for _, t := range engine.Tables() {
		table := logsTableJSON{Name: t.Name, Help: t.Help}
		for _, c := range t.Columns {
			table.Columns = append(table.Columns, logsColumnJSON{c.Name, kql.TypeName(c.Type), c.Help})
		}
		out.Tables = append(out.Tables, table)
	}
	out.Operators, out.Functions, out.Aggregates = helpJSON(kql.Operators()), helpJSON(engine.Functions()), helpJSON(engine.Aggregates())
	body, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("encode schema: %w", err)
	}
	return writeTagged(w, r, typeJSON, append(body, '\n'))
}

func helpJSON(list []kql.Help) []logsHelpJSON {
	out := make([]logsHelpJSON, 0, len(list))
	for _, h := range list {
		out = append(out, logsHelpJSON{h.Name, h.Form, h.Help, h.Example, h.Aliases})
	}
	return out
}

// handleLogsFormat answers /api/v1/logs/format: a query in its canonical layout.
func (s *Server) handleLogsFormat(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLogsQuestion))
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	var in struct {
		Query string `json:"query"`
	}
	if err := decodeStrict(body, &in); err != nil {
		return err
	}
	parsed, err := syntax.Parse(in.Query)
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]string{"query": syntax.Format(parsed)})
}
