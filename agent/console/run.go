package console

import (
	"context"
	"sync"
)

// Run reads files and the journal until ctx ends, and then returns nil. Problems of single sources are logged and counted, and do not end it.
// It is called at most once.
func (p *Pipeline) Run(ctx context.Context) error {
	if !p.cfg.Follows() {
		<-ctx.Done()
		return nil
	}
	store, err := openPositions(p.set.Dir)
	if err != nil {
		p.log.Error("positions in log files are not known; files begin where console.from says", "err", err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	if len(p.cfg.Files) > 0 {
		t := newTailer(p, store) // before anything else writes positions
		wg.Go(func() { t.run(ctx) })
	}
	if len(p.cfg.Journald) > 0 {
		wg.Go(func() { newJournal(p, store).run(ctx) })
	}
	return nil
}
