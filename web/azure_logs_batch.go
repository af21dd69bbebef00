package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/endscope/endscope/logs/kql"
)

const (
	// maxAzureParts is how many queries one batch may hold.
	maxAzureParts = 100
	// azurePartsAtOnce is how many queries of a batch run at a time, and how many of its answers are in memory.
	azurePartsAtOnce = 4
)

// azureLogsPart is one query of a batch.
type azureLogsPart struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	Path      string            `json:"path"`
	Workspace string            `json:"workspace"`
	Headers   map[string]string `json:"headers"`
	Body      azureLogsBody     `json:"body"`
}

// azureLogsReply is the answer to one query of a batch: an answer of the language, or an error.
type azureLogsReply struct {
	status   int
	answer   *kql.Answer
	shown    logsShown
	failed   azureLogsErrorJSON
	panicked any
}

// handleAzureLogsBatch answers /v1/$batch: several queries, each of which fails alone, in their order.
func (s *Server) handleAzureLogsBatch(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4*maxLogsQuestion))
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	var in struct {
		Requests []azureLogsPart `json:"requests"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return azureBadArgument("InvalidBodyError", "the body must be a JSON object with an array of requests: "+err.Error())
	}
	if n := len(in.Requests); n > maxAzureParts {
		return azureBadArgument("BatchTooLargeError", fmt.Sprintf("a batch may hold %d requests (got %d)", maxAzureParts, n))
	}
	ctx, cancel := context.WithCancel(r.Context())
	replies := make([]chan *azureLogsReply, len(in.Requests))
	run := func(i int) {
		if i >= len(replies) {
			return
		}
		replies[i] = make(chan *azureLogsReply, 1)
		go func() { replies[i] <- s.answerAzurePart(ctx, &in.Requests[i]) }()
	}
	// Every query that was begun has ended when this returns.
	begun, read := min(azurePartsAtOnce, len(replies)), 0
	defer func() {
		cancel()
		for ; read < begun; read++ {
			<-replies[read]
		}
	}()
	for i := range begun {
		run(i)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if _, err := io.WriteString(w, `{"responses":[`); err != nil {
		return err
	}
	for i := range in.Requests {
		reply := <-replies[i]
		read++
		if reply.panicked != nil {
			panic(reply.panicked) // as if it had happened here
		}
		if i > 0 {
			if _, err := io.WriteString(w, ","); err != nil {
				return err
			}
		}
		if err := reply.write(w, in.Requests[i].ID); err != nil {
			return err
		}
		if begun < len(replies) {
			run(begun)
			begun++
		}
	}
	_, err = io.WriteString(w, "]}\n")
	return err
}

// answerAzurePart runs one query of a batch.
func (s *Server) answerAzurePart(ctx context.Context, part *azureLogsPart) (reply *azureLogsReply) {
	defer func() {
		if p := recover(); p != nil {
			reply = &azureLogsReply{panicked: p}
		}
	}()
	q, err := s.azurePartQuestion(part)
	var a *kql.Answer
	if err == nil {
		if a, err = s.collectLogs(ctx, q.request); err != nil {
			err = azureInQuery(err, q.request.Query)
		}
	}
	if err != nil {
		p, known := problemOf(err)
		if !known && ctx.Err() == nil {
			s.log.Error("query of a batch failed", "id", shortened(part.ID), "err", err)
		}
		reply := &azureLogsReply{}
		reply.status, reply.failed = p.azureLogs(err)
		return reply
	}
	return &azureLogsReply{status: http.StatusOK, answer: a, shown: q.shown}
}

func (s *Server) azurePartQuestion(part *azureLogsPart) (*logsQuestion, error) {
	if part.Workspace == "" {
		return nil, azureBadArgument("WorkspaceMissingError", "a request of a batch must name its workspace")
	}
	method, path := cmp.Or(part.Method, http.MethodPost), cmp.Or(part.Path, "/query")
	if !strings.EqualFold(strings.Trim(path, "/"), "query") || !strings.EqualFold(method, http.MethodPost) {
		return nil, azureBadArgument("BatchRequestError", fmt.Sprintf("a request of a batch must be POST /query (got %s %s)", shortened(method), shortened(path)))
	}
	prefer := ""
	for name, value := range part.Headers {
		if strings.EqualFold(name, "Prefer") {
			prefer = value
		}
	}
	return s.azureLogsQuestion(part.Body, prefer, time.Now())
}

// write writes the reply as a member of a batch's answer.
func (a *azureLogsReply) write(w io.Writer, id string) error {
	b := append([]byte(`{"id":`), appendJSONText(nil, id)...)
	b = fmt.Appendf(b, `,"status":%d,"headers":{"Content-Type":"application/json; charset=utf-8"},"body":`, a.status)
	if a.answer == nil {
		text, err := json.Marshal(map[string]azureLogsErrorJSON{"error": a.failed})
		if err != nil {
			return err
		}
		_, err = w.Write(append(append(b, text...), '}'))
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	if err := writeLogsAnswer(w, a.answer, a.shown); err != nil {
		return err
	}
	_, err := io.WriteString(w, "}")
	return err
}
