package web

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/mux"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
)

func alertID(r *http.Request) (string, error) {
	id, err := url.PathUnescape(mux.Vars(r)["id"])
	if err != nil {
		return "", &ParameterError{Parameter: "id", Value: mux.Vars(r)["id"], Rule: "must be an encoded id"}
	}
	return id, nil
}

// handleAlert answers GET /api/v1/alerts/{id}: everything about one alert.
func (s *Server) handleAlert(w http.ResponseWriter, r *http.Request) error {
	id, err := alertID(r)
	if err != nil {
		return err
	}
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	return s.writeAlert(w, r, id)
}

func (s *Server) writeAlert(w http.ResponseWriter, r *http.Request, id string) error {
	record, err := s.set.Alerts.Alerts.Get(r.Context(), id)
	if err != nil {
		return err
	}
	timeline, err := s.set.Alerts.Alerts.Timeline(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, newAlertDetailJSON(record, timeline))
}

// handleAlertHistory answers GET /api/v1/alerts/{id}/history: what happened to an alert, in order.
func (s *Server) handleAlertHistory(w http.ResponseWriter, r *http.Request) error {
	id, err := alertID(r)
	if err != nil {
		return err
	}
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	timeline, err := s.set.Alerts.Alerts.Timeline(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"value": timelinesJSON(timeline)})
}

// newState reads the state that alerts get: newState is Azure's name in the query, state ours in the body.
func newState(p *params) (to alerts.UserState, comment string) {
	given, name := p.one("newState"), "newState"
	if text := p.one("state"); given == "" {
		given, name = text, "state"
	} else if text != "" && text != given {
		p.fail("state", text, "must not differ from newState, "+given)
	}
	if given == "" {
		p.fail("state", "", "must be given: New, Acknowledged or Closed")
		return "", ""
	}
	return word(p, name, given, alerts.New, alerts.Acknowledged, alerts.Closed), commentOf(p)
}

// commentOf reads a comment; Azure's name of it is comments.
func commentOf(p *params) string {
	comment := p.one("comment")
	if text := p.one("comments"); comment == "" {
		comment = text
	} else if text != "" {
		p.fail("comments", text, "must not be given together with comment, which is the same")
	}
	return comment
}

// handleAlertChangeState answers POST /api/v1/alerts/{id}/changestate: what people say of one alert.
func (s *Server) handleAlertChangeState(w http.ResponseWriter, r *http.Request) error {
	id, err := alertID(r)
	if err != nil {
		return err
	}
	p, err := newBodyParams(w, r, time.Now(), "newState", "state", "comment", "comments")
	if err != nil {
		return err
	}
	to, comment := newState(p)
	if err := p.err(); err != nil {
		return err
	}
	if _, err := s.set.Alerts.People.SetUserState(r.Context(), []string{id}, to, who(r), comment); err != nil {
		return err
	}
	return s.writeAlert(w, r, id)
}

// handleAlertsChangeState answers POST /api/v1/alerts/changestate: what people say of several alerts, all or none.
func (s *Server) handleAlertsChangeState(w http.ResponseWriter, r *http.Request) error {
	p, err := newBodyParams(w, r, time.Now(), "ids", "newState", "state", "comment", "comments")
	if err != nil {
		return err
	}
	ids := p.list("ids")
	if len(ids) == 0 {
		p.fail("ids", "", "must name at least one alert")
	}
	if len(ids) > state.MaxBulk {
		p.fail("ids", fmt.Sprint(len(ids)), fmt.Sprintf("must name at most %d alerts", state.MaxBulk))
	}
	to, comment := newState(p)
	if err := p.err(); err != nil {
		return err
	}
	changed, err := s.set.Alerts.People.SetUserState(r.Context(), ids, to, who(r), comment)
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"changed": changed, "state": to})
}

// handleAlertComments answers POST /api/v1/alerts/{id}/comments: a comment joins the timeline.
func (s *Server) handleAlertComments(w http.ResponseWriter, r *http.Request) error {
	id, err := alertID(r)
	if err != nil {
		return err
	}
	p, err := newBodyParams(w, r, time.Now(), "comment", "comments")
	if err != nil {
		return err
	}
	comment := commentOf(p)
	if comment == "" {
		p.fail("comment", "", "must be given")
	}
	if err := p.err(); err != nil {
		return err
	}
	if err := s.set.Alerts.People.Comment(r.Context(), []string{id}, who(r), comment); err != nil {
		return err
	}
	return s.writeAlert(w, r, id)
}
