package gpu

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestABurstOfXIDsIsCountedInFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0), newFake(1))
		defer b.Close()
		b.must()
		for range 300 {
			b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 31}
			b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: 3, XID: 31}
			b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-1", GPUInstance: -1, XID: 79}
		}
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-1", GPUInstance: -1, XID: 63}
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "", XID: 63}
		synctest.Wait()
		v := b.must()
		gpu1 := "gpu=1,uuid=GPU-1,model=Fake H100"
		require.Equal(t, 300.0, v["gpu_xid_errors_total{"+gpu0+",xid=31}"])
		require.Equal(t, 300.0, v["gpu_xid_errors_total{"+gpu0+",gpu_instance=3,xid=31}"])
		require.Equal(t, 300.0, v["gpu_xid_errors_total{"+gpu1+",xid=79}"])
		require.Equal(t, 600.0, v["gpu_health_events_total{"+gpu0+",kind=xid,severity=info}"])
		require.Equal(t, 300.0, v["gpu_health_events_total{"+gpu1+",kind=xid,severity=critical}"])
		require.Equal(t, 1.0, v["gpu_health_events_total{"+gpu1+",kind=xid,severity=warning}"])
		require.Equal(t, 2, b.logs.count("first gpu health event"), "one line for each code, none for an application's fault")
	})
}

func TestEveryKindOfEventHasOneMeaning(t *testing.T) {
	table, err := loadHealth()
	require.NoError(t, err)
	seen := map[string]bool{}
	for k := EventXID; k <= EventRecoveryAction; k++ {
		kind, severity := table.health(Event{Kind: k, XID: 79})
		require.NotEmpty(t, kind, k)
		require.NotEmpty(t, severity, k)
		seen[kind] = true
	}
	require.Equal(t, map[string]bool{"xid": true, "ecc": true, "remap": true, "lost": true, "reset": true}, seen)
	for severity, xids := range map[string][]uint64{severityInfo: {13, 31, 43, 45}, severityCritical: {48, 62, 64, 74, 79, 95, 119, 120}, severityWarning: {8, 63, 94, 999}} {
		for _, x := range xids {
			require.Equal(t, severity, table.xid(x).Severity, x)
		}
	}
}

func TestABrokenStreamIsOpenedAgainAndCountsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0))
		defer b.Close()
		b.must()
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 48}
		b.source.stream.queue <- &Error{"wait", GPUIsLost}
		time.Sleep(10 * time.Second)
		b.must()
		require.Equal(t, 2, b.source.opened())
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 48}
		synctest.Wait()
		require.Equal(t, 2.0, b.must()["gpu_xid_errors_total{"+gpu0+",xid=48}"])
		// Errors that pass are waited out; a stream that gives nothing else is given up.
		for range brokenAfter - 1 {
			b.source.stream.queue <- &Error{"wait", Unknown}
		}
		time.Sleep(20 * time.Second)
		b.must()
		require.Equal(t, 2, b.source.opened())
		for range brokenAfter {
			b.source.stream.queue <- &Error{"wait", Unknown}
		}
		time.Sleep(time.Minute)
		b.must()
		require.Equal(t, 3, b.source.opened())
	})
}

func TestEventsThatCannotBeRecordedAreSaidInTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0))
		defer b.Close()
		b.source.eventsErr = &Error{"nvmlEventSetCreate", Unknown}
		v, err := b.round()
		require.ErrorContains(t, err, "record GPU events")
		require.NotEmpty(t, v.live())
		require.NotContains(t, v, "gpu_health_events_total{"+gpu0+",kind=xid,severity=info}", "nobody watches, so 0 would be invented")
	})
}

func TestAWaitThatComesBackAtOnceIsNoBusyLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0))
		defer b.Close()
		b.must()
		for range 100 {
			b.source.stream.queue <- &Error{"wait", Timeout}
		}
		time.Sleep(20 * time.Second)
		require.InDelta(t, 80, len(b.source.stream.queue), 2)
	})
}

func TestAStormIsToldOnceInTenSecondsWithItsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard listener
		b := newBenchWith(t, Settings{OnEvent: heard.add}, newFake(0), newFake(1))
		defer b.Close()
		b.must()
		storm := func(n int) {
			for range n {
				b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 79}
				b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-1", GPUInstance: 3, XID: 31}
			}
			synctest.Wait()
		}
		began := time.Now()
		storm(1)
		list := heard.take()
		require.Len(t, list, 2)
		e := list[0]
		if e.UUID != "GPU-0" {
			e = list[1]
		}
		require.Equal(t, HealthEvent{Time: began, Kind: "xid", Severity: "critical", UUID: "GPU-0", GPU: 0, GPUInstance: -1, XID: 79, Count: 1, Name: e.Name, Meaning: e.Meaning, NextStep: e.NextStep}, e)
		require.Contains(t, e.Name, "bus")
		for range 6 {
			storm(50)
			time.Sleep(time.Second)
		}
		require.Empty(t, heard.take(), "the sort was told of ten seconds ago at most")
		time.Sleep(5 * time.Second)
		list = heard.take()
		require.Len(t, list, 2)
		require.Equal(t, 300, list[0].Count)
		require.Equal(t, 300, list[1].Count)
		require.Equal(t, began, list[0].Time, "of the first of them")
		storm(10)
		require.Empty(t, heard.take())
		time.Sleep(30 * time.Second) // and then it is quiet
		require.Len(t, heard.take(), 2)
		storm(1)
		require.Len(t, heard.take(), 2, "the first after a quiet time is told at once")
	})
}

func TestAReceiverThatHangsStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var heard listener
		b := newBenchWith(t, Settings{OnEvent: func(e HealthEvent) { <-release; heard.add(e) }}, newFake(0))
		b.must()
		for range 500 {
			b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 13}
		}
		synctest.Wait()
		require.Equal(t, 500.0, b.must()["gpu_xid_errors_total{"+gpu0+",xid=13}"])
		close(release)
		require.NoError(t, b.Close(), "what waits is told at the end")
		count := 0
		for _, e := range heard.take() {
			count += e.Count
		}
		require.Equal(t, 500, count)
	})
}

func TestSortsOfEventsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard listener
		b := newBenchWith(t, Settings{OnEvent: heard.add}, newFake(0))
		defer b.Close()
		b.must()
		for i := range 3000 {
			b.events.add(Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: uint64(i)})
		}
		synctest.Wait()
		require.LessOrEqual(t, len(heard.take()), maxSorts)
		time.Sleep(time.Minute)
		b.notifier.mu.Lock()
		defer b.notifier.mu.Unlock()
		require.Empty(t, b.notifier.sorts, "and forgotten")
	})
}

func TestRisesAndLossesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard listener
		d := newFake(0)
		b := newBenchWith(t, Settings{OnEvent: heard.add}, d)
		defer b.Close()
		b.must()
		d.on(RemappedRows, func(s *Snapshot) error { s.RowsPending.Set(1); s.RowsFailure.Set(1); return nil })
		d.on(Throttle, func(s *Snapshot) error { s.Throttle[ThrottleHardwareThermal].Set(9); return nil })
		d.on(NVLink, func(s *Snapshot) error { s.NVLinkRecoveries.Set(4); return nil })
		b.must()
		d.failAll(ResetRequired)
		_, err := b.round()
		require.Error(t, err)
		b.source.stream.queue <- Event{Kind: EventUnavailable, UUID: "GPU-0", GPUInstance: -1}
		synctest.Wait()
		kinds := map[string]int{}
		for _, e := range heard.take() {
			kinds[e.Kind+" "+e.Severity] += e.Count
			require.NotEmpty(t, e.NextStep)
			require.Zero(t, e.XID)
		}
		require.Equal(t, map[string]int{"remap warning": 1, "remap critical": 1, "thermal warning": 1, "nvlink warning": 1, "reset critical": 1, "lost critical": 1}, kinds)
	})
}
