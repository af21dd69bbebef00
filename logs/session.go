package logs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/endscope/endscope/logs/internal/duck"
)

// session is one DuckDB instance with the files of all partitions attached. A store has one at a time, and a new one after it had to reopen.
type session struct {
	db     *duck.DB
	writer *duck.Conn      // of the applier
	idle   chan *duck.Conn // connections for queries
	users  sync.WaitGroup  // queries and others that hold the session

	adminMu sync.Mutex
	admin   *duck.Conn // attaches and detaches; guarded by adminMu
	aliases int        // attached so far; guarded by adminMu
}

// startSession starts DuckDB without any files.
func (s *Store) startSession() (*session, error) {
	temp := filepath.Join(s.dir, tempDir)
	if err := os.RemoveAll(temp); err != nil {
		return nil, fmt.Errorf("empty the directory of queries: %w", err)
	}
	if err := os.MkdirAll(temp, 0o777); err != nil {
		return nil, fmt.Errorf("make the directory of queries: %w", err)
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return nil, err
	}
	settings := map[string]string{
		"memory_limit":                           strconv.FormatInt(int64(s.cfg.MemoryLimit), 10) + "B",
		"temp_directory":                         filepath.Join(dir, tempDir),
		"max_temp_directory_size":                strconv.FormatInt(int64(s.cfg.MaxTemp), 10) + "B",
		"autoinstall_known_extensions":           "false",
		"autoload_known_extensions":              "false",
		"allow_community_extensions":             "false",
		"allow_persistent_secrets":               "false",
		"default_order":                          "asc",
		"default_null_order":                     "nulls_last",
		"enable_external_file_cache":             "false",
		"scalar_subquery_error_on_multiple_rows": "true",
		"wal_autocheckpoint":                     "64MiB",
	}
	if s.cfg.MaxTemp == 0 {
		settings["temp_directory"] = "" // to DuckDB, a size of 0 is no limit
	}
	if s.cfg.Threads > 0 {
		settings["threads"] = strconv.Itoa(s.cfg.Threads)
	}
	db, err := duck.Open(settings)
	if err != nil {
		return nil, err
	}
	sess := &session{db: db, idle: make(chan *duck.Conn, s.cfg.MaxQueries)}
	connect := func() (c *duck.Conn) {
		if err == nil {
			c, err = db.Connect()
		}
		return c
	}
	sess.writer, sess.admin = connect(), connect()
	for range s.cfg.MaxQueries {
		if c := connect(); c != nil {
			sess.idle <- c
		}
	}
	// From here on, SQL reaches the store's own directory and nothing else, and cannot change that.
	for _, set := range []string{
		"PRAGMA disable_checkpoint_on_shutdown", // Close does that, within its time
		"SET allowed_directories = [" + quoteText(dir+string(filepath.Separator)) + "]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	} {
		if err == nil {
			err = sess.admin.Exec(context.Background(), set)
		}
	}
	if err != nil {
		sess.close()
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	return sess, nil
}

// close ends the session, which nobody uses any more. What DuckDB's logs hold stays there.
func (sess *session) close() {
	for _, c := range []*duck.Conn{sess.writer, sess.admin} {
		if c != nil {
			c.Close()
		}
	}
	for range len(sess.idle) {
		(<-sess.idle).Close()
	}
	sess.db.Close()
}

// publish makes sess the one that queries use.
func (s *Store) publish(sess *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = sess
}

// acquire returns the current session, held until release, or an error when there is none.
func (s *Store) acquire() (*session, error) {
	if err := s.Ready(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return nil, &NotReadyError{Reason: s.state}
	}
	s.current.users.Add(1)
	return s.current, nil
}

func (sess *session) release() { sess.users.Done() }

// withdraw takes the current session away from new users, waits for those that hold it and returns it; nil when there was none.
func (s *Store) withdraw(state string) *session {
	s.mu.Lock()
	sess := s.current
	s.current, s.state = nil, state
	s.mu.Unlock()
	if sess != nil {
		sess.users.Wait()
	}
	return sess
}
