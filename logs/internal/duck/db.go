package duck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// DB is one DuckDB instance in memory, to which files are attached.
type DB struct {
	db bindings.Database
}

// Open starts an instance with the given settings, by DuckDB's names. It returns an error that names the setting when one is refused.
func Open(settings map[string]string) (*DB, error) {
	var config bindings.Config
	if bindings.CreateConfig(&config) == bindings.StateError {
		return nil, errors.New("DuckDB made no configuration")
	}
	defer bindings.DestroyConfig(&config)
	for name, value := range settings {
		if bindings.SetConfig(config, name, value) == bindings.StateError {
			return nil, fmt.Errorf("DuckDB refuses the setting %s=%s", name, value)
		}
	}
	db := &DB{}
	var message string
	if bindings.OpenExt(":memory:", &db.db, config, &message) == bindings.StateError {
		return nil, newError(message)
	}
	return db, nil
}

// Close ends the instance. Every Conn must have been closed.
func (db *DB) Close() { bindings.Close(&db.db) }

// Conn is one connection: it runs one statement at a time.
type Conn struct {
	conn bindings.Connection
}

// Connect opens a connection.
func (db *DB) Connect() (*Conn, error) {
	c := &Conn{}
	if bindings.Connect(db.db, &c.conn) == bindings.StateError {
		return nil, errors.New("DuckDB refuses a connection")
	}
	return c, nil
}

// Close ends the connection.
func (c *Conn) Close() { bindings.Disconnect(&c.conn) }

// during runs f, and while ctx is at its end interrupts whatever the connection does. An interrupt that comes before a statement has
// begun is forgotten by DuckDB, so it is repeated until f returns.
func (c *Conn) during(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Done() == nil {
		return f()
	}
	finished := make(chan struct{})
	var interrupting sync.WaitGroup
	interrupting.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer interrupting.Done()
		for {
			bindings.Interrupt(c.conn)
			select {
			case <-finished:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	})
	err := f()
	close(finished)
	if !stop() {
		interrupting.Wait()
		if KindOf(err) == Interrupted {
			return ctx.Err()
		}
	}
	return err
}

// Exec runs one statement without a result.
func (c *Conn) Exec(ctx context.Context, text string) error {
	return c.during(ctx, func() error {
		var stmt bindings.PreparedStatement
		defer bindings.DestroyPrepare(&stmt)
		if bindings.Prepare(c.conn, text, &stmt) == bindings.StateError {
			return newError(bindings.PrepareError(stmt))
		}
		var res bindings.Result
		defer bindings.DestroyResult(&res)
		return execute(stmt, bindings.PendingPrepared, &res)
	})
}

const (
	minPause = 20 * time.Microsecond
	maxPause = 500 * time.Microsecond
)

// execute runs a statement until its result can be read. While DuckDB's own threads are busy with all that is to do it sleeps: DuckDB's function for
// it asks without a pause, which burns a CPU for as long as they take, also for waiting on the disk.
func execute(stmt bindings.PreparedStatement, begin func(bindings.PreparedStatement, *bindings.PendingResult) bindings.State, res *bindings.Result) error {
	var pending bindings.PendingResult
	defer bindings.DestroyPending(&pending)
	if begin(stmt, &pending) == bindings.StateError {
		return newError(bindings.PendingError(pending))
	}
	for pause := minPause; ; {
		switch bindings.PendingExecuteTask(pending) {
		case bindings.PendingStateError:
			return newError(bindings.PendingError(pending))
		case bindings.PendingStateNoTasksAvailable:
			time.Sleep(pause)
			pause = min(2*pause, maxPause)
			continue
		case bindings.PendingStateResultReady:
			if bindings.ExecutePending(pending, res) == bindings.StateError {
				return resultError(res)
			}
			return nil
		}
		pause = minPause
	}
}

// Query runs one SELECT and returns its rows as they are made. Arguments for $1, $2 … are nil, bool, int32, int64, int, float64, string,
// []string, []int64 or []float64. The Rows must be closed before the connection is used again.
func (c *Conn) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	r := &Rows{conn: c}
	err := c.during(ctx, func() error {
		if bindings.Prepare(c.conn, text, &r.stmt) == bindings.StateError {
			return newError(bindings.PrepareError(r.stmt))
		}
		if bindings.PreparedStatementType(r.stmt) != bindings.StatementTypeSelect {
			return errors.New("the statement is no SELECT")
		}
		if n := int(bindings.NParams(r.stmt)); n != len(args) {
			return fmt.Errorf("the statement has %d parameters and is given %d", n, len(args))
		}
		for i, arg := range args {
			if err := bind(r.stmt, i+1, arg); err != nil {
				return err
			}
		}
		return execute(r.stmt, bindings.PendingPreparedStreaming, &r.res)
	})
	if err == nil {
		err = r.describe()
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func bind(stmt bindings.PreparedStatement, i int, arg any) error {
	index := bindings.IdxT(i)
	var state bindings.State
	switch v := arg.(type) {
	case nil:
		state = bindings.BindNull(stmt, index)
	case bool:
		state = bindings.BindBoolean(stmt, index, v)
	case int32:
		state = bindings.BindInt32(stmt, index, v)
	case int:
		state = bindings.BindInt64(stmt, index, int64(v))
	case int64:
		state = bindings.BindInt64(stmt, index, v)
	case float64:
		state = bindings.BindDouble(stmt, index, v)
	case string:
		state = bindings.BindVarcharLength(stmt, index, v, bindings.IdxT(len(v)))
	case []string:
		state = bindList(stmt, index, bindings.TypeVarchar, v, func(s string) bindings.Value { return bindings.CreateVarcharLength(s, bindings.IdxT(len(s))) })
	case []int64:
		state = bindList(stmt, index, bindings.TypeBigInt, v, bindings.CreateInt64)
	case []float64:
		state = bindList(stmt, index, bindings.TypeDouble, v, bindings.CreateDouble)
	default:
		return fmt.Errorf("argument %d has type %T, which cannot be bound", i, arg)
	}
	if state == bindings.StateError {
		return fmt.Errorf("argument %d (%v) cannot be bound: %s", i, arg, bindings.PrepareError(stmt))
	}
	return nil
}

func bindList[T any](stmt bindings.PreparedStatement, index bindings.IdxT, kind bindings.Type, list []T, value func(T) bindings.Value) bindings.State {
	element := bindings.CreateLogicalType(kind)
	defer bindings.DestroyLogicalType(&element)
	values := make([]bindings.Value, len(list))
	for i, v := range list {
		values[i] = value(v)
	}
	bound := bindings.CreateListValue(element, values)
	defer bindings.DestroyValue(&bound)
	for i := range values {
		bindings.DestroyValue(&values[i])
	}
	return bindings.BindValue(stmt, index, bound)
}

// Int returns the only value of the only row of a query, an integer; math.MinInt64 when it is null or there is no row.
func (c *Conn) Int(ctx context.Context, text string, args ...any) (int64, error) {
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	batch, err := rows.Next(ctx)
	if errors.Is(err, io.EOF) {
		return math.MinInt64, nil
	}
	if err != nil {
		return 0, err
	}
	if batch[0][0] == nil {
		return math.MinInt64, nil
	}
	switch v := batch[0][0].(type) {
	case int64:
		return v, nil
	case int32:
		return int64(v), nil
	default:
		return 0, fmt.Errorf("the query's value has type %T, not an integer", v)
	}
}
