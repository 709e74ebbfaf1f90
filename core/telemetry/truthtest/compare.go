package truthtest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"

	"coatcheck/core/session"
	"coatcheck/core/telemetry"
)

// settle writes down what is still to be written, and reads the truth from the store.
func (w *world) settle(ctx context.Context) error {
	m := w.processes[0]
	for cursor := ""; ; {
		step, err := m.Sweep(ctx, session.ByRule, cursor)
		if err != nil {
			continue // a read that was made to fail
		}
		if cursor = step.Next; cursor == "" {
			break
		}
	}
	active, err := m.CountAll(ctx, session.StateActive, w.now(), w.now().Add(policy.Absolute))
	if err != nil {
		return err
	}
	w.emf.Record(telemetry.SessionsActive, float64(active))
	w.prom.Record(telemetry.SessionsActive, float64(active))
	w.emf.Close()
	return w.read(ctx)
}

// read walks over every record.
func (w *world) read(ctx context.Context) error {
	for _, status := range []session.Status{session.StatusLive, session.StatusEnded} {
		q := session.PageQuery{StatusRange: session.StatusRange{Status: status}, Limit: 1000}
		for {
			page, err := w.raw.Page(ctx, q)
			if err != nil {
				return err
			}
			for i := range page.Records {
				w.stands(&page.Records[i])
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
	}
	return nil
}

// stands counts one record.
func (w *world) stands(r *session.Record) {
	w.truth.add("records", 1)
	w.truth.add("tokens_rotated confirmed", float64(r.Secrets.Rotations))
	if r.Ended() {
		w.truth.add("ends", 1)
		w.truth.add("sessions_ended "+string(r.End.Reason), 1)
		return
	}
	if state, _ := w.processes[0].State(*r); state == session.StateActive {
		w.truth.add("sessions_active", 1)
	}
}

// compared are the metrics whose truth is known.
var compared = []*telemetry.Metric{
	telemetry.Lookups, telemetry.SignIns, telemetry.SessionsEnded, telemetry.EveryoneEnded, telemetry.TokensRotated,
	telemetry.Touches, telemetry.StoreCalls, telemetry.SessionsActive,
}

// compare returns what the adapters say that is not so.
func (w *world) compare() (faults []string) {
	for name, n := range w.truth.counts {
		if strings.HasPrefix(name, "errors ") {
			faults = append(faults, fmt.Sprintf("%v times: %s", n, name))
		}
	}
	// Each sign-in that got past its check made a record, and only those whose token went
	// out count as created.
	if created, records := w.truth.get("sign_ins pwd created"), w.truth.get("records")-w.truth.get("sign_ins pwd overtaken"); created != records {
		faults = append(faults, fmt.Sprintf("%v sign-ins and %v records of such", created, records))
	}
	lines, err := w.fromLines()
	if err != nil {
		return append(faults, err.Error())
	}
	page := w.fromPage()
	for _, m := range compared {
		faults = append(faults, differences("EMF", m, m.Dimensions, w.truth.counts, lines)...)
		var labels []string
		for _, l := range m.Labels {
			labels = append(labels, l.Name)
		}
		faults = append(faults, differences("Prometheus", m, labels, w.truth.counts, page)...)
	}
	return append(faults, w.histograms(lines, page)...)
}

// differences compares a metric's series, summed up by some of its labels.
func differences(where string, m *telemetry.Metric, labels []string, truth, told map[string]float64) (faults []string) {
	want, got := summed(m, labels, truth), summed(m, labels, told)
	names := slices.Collect(maps.Keys(want))
	for name := range got {
		if _, there := want[name]; !there {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if got[name] != want[name] {
			faults = append(faults, fmt.Sprintf("%s: %s is %v, and in truth %v", where, name, got[name], want[name]))
		}
	}
	return faults
}

// summed adds a metric's counts up by some of its labels. A name that has only these
// values stands for itself.
func summed(m *telemetry.Metric, labels []string, counts map[string]float64) map[string]float64 {
	out := map[string]float64{}
	for name, n := range counts {
		words := strings.Fields(name)
		if words[0] != m.Name {
			continue
		}
		kept := words[:1:1]
		for i, l := range m.Labels {
			switch {
			case len(words)-1 == len(labels) && len(labels) < len(m.Labels):
				kept = words
			case slices.Contains(labels, l.Name):
				kept = append(kept, words[i+1])
			}
		}
		out[strings.Join(kept, " ")] += n
	}
	return out
}

// histograms have as many values as there were calls and look-ups.
func (w *world) histograms(lines, page map[string]float64) (faults []string) {
	for histogram, counter := range map[*telemetry.Metric]*telemetry.Metric{
		telemetry.LookupDuration: telemetry.Lookups, telemetry.StoreCallDuration: telemetry.StoreCalls,
	} {
		for where, told := range map[string]map[string]float64{"EMF": lines, "Prometheus": page} {
			got, want := summed(histogram, nil, told), summed(counter, nil, w.truth.counts)
			if got[histogram.Name] != want[counter.Name] {
				faults = append(faults, fmt.Sprintf("%s: %s has %v values, and there were %v", where, histogram.Name, got[histogram.Name], want[counter.Name]))
			}
		}
	}
	return faults
}

// fromLines sums up EMF's lines: a histogram's values are counted. The names are those of
// the truth, with the dimensions' values.
func (w *world) fromLines() (map[string]float64, error) {
	out := map[string]float64{}
	for line := range strings.Lines(w.lines.text.String()) {
		var root map[string]any
		if err := json.Unmarshal([]byte(line), &root); err != nil {
			return nil, fmt.Errorf("%w: %s", err, line)
		}
		for _, m := range telemetry.Metrics() {
			name := m.Name
			for _, d := range m.Dimensions {
				name += fmt.Sprint(" ", root[telemetry.Pascal(d)])
			}
			switch value := root[m.CloudWatch()].(type) {
			case float64:
				if m.Kind == telemetry.Gauge {
					out[name] = value
				} else {
					out[name] += value
				}
			case []any:
				out[name] += float64(len(value))
			}
		}
	}
	return out, nil
}

// fromPage reads Prometheus's page: of a histogram how many values it has.
func (w *world) fromPage() map[string]float64 {
	answer := httptest.NewRecorder()
	w.prom.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	out := map[string]float64{}
	for line := range strings.Lines(answer.Body.String()) {
		series, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue
		}
		name, braces, _ := strings.Cut(series, "{")
		given := map[string]string{}
		for pair := range strings.SplitSeq(strings.TrimSuffix(braces, "}"), ",") {
			label, quoted, _ := strings.Cut(pair, "=")
			given[label] = strings.Trim(quoted, `"`)
		}
		for _, m := range telemetry.Metrics() {
			if m.Kind == telemetry.Histogram && name == m.Prometheus()+"_count" || name == m.Prometheus() {
				words := m.Name
				for _, l := range m.Labels {
					words += " " + given[l.Name]
				}
				out[words] = value
			}
		}
	}
	return out
}
