package resources

import "context"

// Pending is what a write is about to commit. It may be asked only until the function that it was given to returns.
type Pending struct {
	Changed []Key // what is created, replaced or deleted; it is deleted if Get does not find it
	Force   bool  // whoever deletes knows that others name it
	edit    *edit
}

// Get is Store.Get once the write is committed.
func (p *Pending) Get(ctx context.Context, kind, name string) (Resource, error) {
	return p.edit.read(ctx, p.edit.tx, kind, name)
}

// List is Store.List once the write is committed.
func (p *Pending) List(ctx context.Context, kind string) ([]Resource, error) {
	return p.edit.listKind(ctx, p.edit.tx, kind)
}
