package resources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Provisioning asks for everything that a source provides.
type Provisioning struct {
	Source    string
	Documents []Document
	By        string // for the audit trail
	// Keep leaves alone what the source provided before and the documents do not hold. Otherwise it is deleted.
	Keep   bool
	DryRun bool // everything is checked and nothing changed
}

// ProvisionResult is what Provision did, or would do. It is the answer of the provisioning API. Each list is in the order of the documents,
// and Deleted by kind and name; none is nil.
type ProvisionResult struct {
	Created   []Key `json:"created"`
	Updated   []Key `json:"updated"` // also what people had made, and the source took over
	Unchanged []Key `json:"unchanged"`
	Deleted   []Key `json:"deleted"`
}

// DocumentError says what is wrong with one document.
type DocumentError struct {
	Index int    // among the documents, from 0
	File  string // empty where it is not known
	Line  int    // of the file, from 1; 0 where it is not known
	Key          // as far as it is known
	Err   error
}

func (e *DocumentError) Error() string {
	where := fmt.Sprintf("document %d", e.Index+1)
	if e.File != "" {
		where = e.File
		if e.Line > 0 {
			where = fmt.Sprintf("%s:%d", e.File, e.Line)
		}
	}
	if e.Kind != "" || e.Name != "" {
		where += ": " + e.Key.String()
	}
	return where + ": " + e.reason()
}

// reason is what is wrong, without the identity, which stands before it anyway.
func (e *DocumentError) reason() string {
	text := e.Err.Error()
	if after, found := strings.CutPrefix(text, e.Key.String()); found && e.Name != "" {
		return strings.TrimLeft(after, ": ")
	}
	return text
}

// Unwrap returns the reason.
func (e *DocumentError) Unwrap() error { return e.Err }

// ProvisionError lists everything that is wrong with a set of documents.
type ProvisionError struct{ Documents []*DocumentError }

func (e *ProvisionError) Error() string {
	var lines []string
	for _, d := range e.Documents {
		lines = append(lines, d.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors of all documents.
func (e *ProvisionError) Unwrap() []error {
	var all []error
	for _, d := range e.Documents {
		all = append(all, d)
	}
	return all
}

// DocumentProblem is one of the errors of a problem answer of the provisioning API.
type DocumentProblem struct {
	Document int    `json:"document"` // index from 0
	Kind     string `json:"kind,omitempty"`
	Name     string `json:"name,omitempty"`
	Detail   string `json:"detail"`
}

// Problems returns the errors as a problem answer lists them.
func (e *ProvisionError) Problems() []DocumentProblem {
	all := make([]DocumentProblem, 0, len(e.Documents))
	for _, d := range e.Documents {
		all = append(all, DocumentProblem{Document: d.Index, Kind: d.Kind, Name: d.Name, Detail: d.reason()})
	}
	return all
}

// maxProblems bounds the errors of one answer.
const maxProblems = 100

// Provision makes what a source provides equal to the documents, all of them or, after an error, none. It creates, replaces, takes over what
// people had made, and deletes what the source does not have any more. Errors: *ProvisionError, whose parts wrap those of Put; *NameError
// of the source; and those of the database.
func (s *Store) Provision(ctx context.Context, p Provisioning) (ProvisionResult, error) {
	result := ProvisionResult{Created: []Key{}, Updated: []Key{}, Unchanged: []Key{}, Deleted: []Key{}}
	if err := checkSource(p.Source); err != nil {
		return result, err
	}
	if len(p.Documents) > maxDocuments {
		return result, &LimitError{Kind: "documents", Unit: UnitResources, Limit: maxDocuments, Got: int64(len(p.Documents))}
	}
	bad := &ProvisionError{}
	err := s.write(ctx, p.By, p.DryRun, func(e *edit) error {
		given, err := e.identify(p.Documents, bad)
		if err != nil {
			return err
		}
		// What goes makes room for what comes.
		if !p.Keep {
			if result.Deleted, err = e.removeMissing(p.Source, given); err != nil {
				return err
			}
		}
		for i, d := range p.Documents {
			key, ok := given[i]
			if !ok {
				continue // it is bad
			}
			r, err := e.put(s.kinds[key.Kind], key, Change{Kind: key.Kind, Name: key.Name, Spec: d.Spec, Source: p.Source})
			switch {
			case err != nil && e.ctx.Err() != nil:
				return err
			case err != nil && !isRefusal(err):
				return fmt.Errorf("provision %s: %w", key, err)
			case err != nil:
				bad.add(i, d, key, err)
			case r.Created:
				result.Created = append(result.Created, key)
			case r.Unchanged:
				result.Unchanged = append(result.Unchanged, key)
			default:
				result.Updated = append(result.Updated, key)
			}
			if len(bad.Documents) >= maxProblems {
				break
			}
		}
		if len(bad.Documents) > 0 {
			slices.SortStableFunc(bad.Documents, func(a, b *DocumentError) int { return cmp.Compare(a.Index, b.Index) })
			return bad
		}
		return nil
	})
	if err != nil {
		for _, d := range bad.Documents {
			_ = s.refused(d.Kind, d.Err)
		}
		return ProvisionResult{}, err
	}
	return result, nil
}

// isRefusal tells an error about a document from one of the database.
func isRefusal(err error) bool {
	var (
		spec     *SpecError
		name     *NameError
		readOnly *ReadOnlyError
		limit    *LimitError
	)
	return errors.As(err, &spec) || errors.As(err, &name) || errors.As(err, &readOnly) || errors.As(err, &limit) || errors.Is(err, ErrUnknownKind)
}

func (e *ProvisionError) add(i int, d Document, key Key, err error) {
	if len(e.Documents) < maxProblems {
		e.Documents = append(e.Documents, &DocumentError{Index: i, File: d.File, Line: d.Line, Key: key, Err: err})
	}
}

// identify returns the identity of each good document by its index.
func (e *edit) identify(docs []Document, bad *ProvisionError) (map[int]Key, error) {
	given, first := map[int]Key{}, map[Key]int{}
	for i, d := range docs {
		_, key, err := e.resolve(d.Kind, d.Name)
		if err != nil {
			bad.add(i, d, Key{}, err)
			continue
		}
		if j, twice := first[key]; twice {
			bad.add(i, d, key, &SpecError{Key: key, Err: fmt.Errorf("is given twice, first in %s", docs[j].where(j))})
			continue
		}
		first[key] = i
		given[i] = key
	}
	return given, e.ctx.Err()
}

// removeMissing deletes what a source provides and given does not hold.
func (e *edit) removeMissing(source string, given map[int]Key) ([]Key, error) {
	has := map[Key]bool{}
	for _, key := range given {
		has[key] = true
	}
	all, err := e.list(e.ctx, e.tx, "source = ? ORDER BY kind, name", source)
	if err != nil {
		return nil, err
	}
	gone := []Key{}
	for _, r := range all {
		if has[r.Key] || e.kinds[r.Kind] == nil {
			continue
		}
		if err := e.remove(e.kinds[r.Kind], &r); err != nil {
			return nil, err
		}
		gone = append(gone, r.Key)
	}
	return gone, nil
}

// Release gives everything that a source provides to people to edit, and returns what that is. Errors: ErrNotFound where it provides
// nothing, *NameError, and those of the database.
func (s *Store) Release(ctx context.Context, source, by string) ([]Key, error) {
	if err := checkSource(source); err != nil {
		return nil, err
	}
	var freed []Key
	err := s.write(ctx, by, false, func(e *edit) error {
		all, err := e.list(e.ctx, e.tx, "source = ? ORDER BY kind, name", source)
		if err != nil {
			return err
		}
		for _, r := range all {
			k := e.kinds[r.Kind]
			if k == nil {
				continue
			}
			if _, err := e.store(k, r.Key, &r, r.Spec, "", entry{action: Released}); err != nil {
				return err
			}
			freed = append(freed, r.Key)
		}
		if len(freed) == 0 {
			return fmt.Errorf("the source %s provides nothing: %w", source, ErrNotFound)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return freed, nil
}
