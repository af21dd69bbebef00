package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/logs/kql/syntax"
)

// kql returns the command that asks the log tables.
func (c *connection) kql() *cobra.Command {
	var timespan, scope, file, limitTime string
	var limitRows int
	var format bool
	cmd := &cobra.Command{
		Use: "kql QUERY | -", Short: "Ask the logs in the Kusto Query Language",
		Long: "Ask the log tables in the Kusto Query Language. The query is the argument, what the standard input has for -, or what a file has.\n\n" +
			"A table and JSON hold at most log_query.max_rows rows, and a warning says where that cut the answer; CSV is streamed and holds all.",
		Example: "  endscope query kql 'AmlOnlineEndpointTrafficLog | summarize count() by ResponseCode' --timespan PT1H --scope credit-default\n" +
			"  endscope query kql --file failures.kql -o csv > failures.csv\n" +
			"  endscope query kql --format 'AmlOnlineEndpointTrafficLog|take 5'",
		Args: cli.Args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := queryText(args, file, cmd.InOrStdin())
			if err != nil {
				return err
			}
			if format {
				return c.formatKQL(text)
			}
			question := map[string]any{"query": text}
			for name, value := range map[string]string{"timespan": timespan, "scope": scope} {
				if value != "" {
					question[name] = value
				}
			}
			limits := map[string]any{}
			if cmd.Flags().Changed("limit-rows") {
				if limitRows < 1 {
					return cli.Usage(fmt.Errorf("--limit-rows: must be at least 1 (got %d)", limitRows))
				}
				limits["rows"] = limitRows
			}
			if limitTime != "" {
				limits["time"] = limitTime
			}
			if len(limits) > 0 {
				question["limits"] = limits
			}
			return c.askKQL(cmd.Context(), question)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&timespan, "timespan", "", "`Time` that rows are of: PT1H or 1h (until now), start/end, start/PT1H, PT1H/end, 2026-11-27/2026-11-28. Without it only the query says.")
	fs.StringVar(&scope, "scope", "", "`Scope` whose rows count: endpoint[/deployment[/instance]].")
	fs.IntVar(&limitRows, "limit-rows", 0, "Most `rows` of the answer; it can only be lower than log_query.max_rows. A warning says that more were left out.")
	fs.StringVar(&limitTime, "limit-time", "", "Longest `time` that the server may work on the query, such as 30s; it can only be shorter than log_query.timeout.")
	fs.StringVar(&file, "file", "", "`File` with the query; - is the standard input.")
	fs.BoolVar(&format, "format", false, "Write the query in its canonical layout, without asking a server.")
	return cmd
}

// queryText returns the query that a command was given.
func queryText(args []string, file string, stdin io.Reader) (string, error) {
	switch {
	case len(args) == 1 && file != "":
		return "", cli.Usage(errors.New("--file: must not come together with a query"))
	case len(args) == 0 && file == "":
		return "", cli.Usage(errors.New("no query given: as an argument, by --file, or - for the standard input"))
	case len(args) == 1 && args[0] != "-":
		return args[0], nil
	}
	read := func() ([]byte, error) { return io.ReadAll(stdin) }
	if file != "" && file != "-" {
		read = func() ([]byte, error) { return os.ReadFile(file) }
	}
	text, err := read()
	if err != nil {
		return "", fmt.Errorf("read query: %w", err)
	}
	return string(text), nil
}

// formatKQL writes a query in its canonical layout.
func (c *connection) formatKQL(text string) error {
	parsed, err := syntax.Parse(text)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.env.Stdout, syntax.Format(parsed))
	return err
}

// kqlAnswer is the answer of POST /api/v1/logs/query.
type kqlAnswer struct {
	Tables []struct {
		Name    string
		Columns []struct{ Name, Type string }
		Rows    [][]json.RawMessage
	}
	Error *struct{ Message string }
}

// askKQL asks a question and prints the answer.
func (c *connection) askKQL(ctx context.Context, question map[string]any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server+"/api/v1/logs/query", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.output == "csv" {
		req.Header.Set("Accept", "text/csv")
	}
	defer c.http.CloseIdleConnections()
	resp, err := c.http.Do(req)
	if err != nil {
		return c.failed(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK && c.output == "csv" {
		if _, err := io.Copy(&lineFeeds{to: c.env.Stdout}, resp.Body); err != nil {
			return c.broken(err)
		}
		for _, warning := range resp.Trailer.Values("Endscope-Warning") {
			fmt.Fprintln(c.env.Stderr, "warning:", warning)
		}
		for _, most := range resp.Trailer.Values("Endscope-Truncated") {
			fmt.Fprintln(c.env.Stderr, "warning: the answer is cut after", most)
		}
		return nil
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return c.failed(err)
	}
	if resp.StatusCode != http.StatusOK {
		return problem(resp, text)
	}
	return c.printKQL(text)
}

func (c *connection) printKQL(text []byte) error {
	var got kqlAnswer
	if err := json.Unmarshal(text, &got); err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.server, err)
	}
	if got.Error != nil {
		fmt.Fprintln(c.env.Stderr, "warning:", got.Error.Message)
	}
	if c.output == "json" {
		return c.print(answer{raw: json.RawMessage(text)})
	}
	for i, t := range got.Tables {
		if len(got.Tables) > 1 {
			if i > 0 {
				fmt.Fprintln(c.env.Stdout)
			}
			fmt.Fprintln(c.env.Stdout, t.Name)
		}
		a := answer{empty: "no rows"}
		for _, col := range t.Columns {
			a.header = append(a.header, col.Name)
		}
		for _, row := range t.Rows {
			words := make([]string, 0, len(row))
			for _, cell := range row {
				words = append(words, cellText(cell))
			}
			a.rows = append(a.rows, words)
		}
		if err := c.print(a); err != nil {
			return err
		}
	}
	return nil
}

// cellText is a cell in a table of a terminal: nothing for null, and one line whatever the text holds.
func cellText(cell json.RawMessage) string {
	if len(cell) > 0 && cell[0] == '"' {
		var text string
		if json.Unmarshal(cell, &text) == nil {
			return strings.Map(func(r rune) rune {
				if r < ' ' || r == 0x7f {
					return ' ' // also what would move the cursor
				}
				return r
			}, text)
		}
	}
	if string(cell) == "null" {
		return ""
	}
	return string(cell)
}
