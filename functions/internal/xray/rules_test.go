package xray_test

import (
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// rules are what the guide says of the members of a subsegment that is sent by itself.
var rules = map[string]func(any) bool{
	"name":       matches(`^[\p{L}\p{N}\s_.:/%&#=+\\@-]{1,200}$`),
	"id":         matches(`^[0-9a-f]{16}$`),
	"trace_id":   matches(`^1-[0-9a-f]{8}-[0-9a-f]{24}$`),
	"parent_id":  matches(`^[0-9a-f]{16}$`),
	"type":       matches(`^subsegment$`),
	"start_time": isTime,
	"end_time":   isTime,
	"namespace":  matches(`^(aws|remote)$`),
	"error":      isTrue, "throttle": isTrue, "fault": isTrue,
	"aws":   isResource,
	"http":  func(v any) bool { return of("response")(v) || v.(map[string]any)["response"] != nil },
	"cause": func(v any) bool { return len(v.(map[string]any)["exceptions"].([]any)) == 1 },
}

func matches(pattern string) func(any) bool {
	return func(v any) bool { text, ok := v.(string); return ok && regexp.MustCompile(pattern).MatchString(text) }
}

func isTime(v any) bool {
	s, ok := v.(float64)
	return ok && math.Abs(s-float64(time.Now().Unix())) < 60
}

func isTrue(v any) bool { return v == true }

// of allows an object of texts of at most 250 characters under these names.
func of(names ...string) func(any) bool {
	return func(v any) bool {
		object, ok := v.(map[string]any)
		for name, value := range object {
			text, isText := value.(string)
			ok = ok && slices.Contains(names, name) && isText && text != "" && len(text) <= 250
		}
		return ok
	}
}

// isResource allows what the guide says of a call of AWS, and the count of retries that
// AWS's own SDKs for X-Ray send with it.
func isResource(v any) bool {
	object, _ := v.(map[string]any)
	texts := maps.Clone(object)
	retries, ok := texts["retries"].(float64)
	delete(texts, "retries")
	return ok && retries >= 0 && retries == math.Trunc(retries) && texts["operation"] != nil && texts["region"] != nil &&
		of("operation", "table_name", "region", "request_id")(texts)
}

func faults(document map[string]any) (all []string) {
	for _, name := range []string{"name", "id", "trace_id", "parent_id", "type", "start_time", "end_time", "namespace", "aws"} {
		if document[name] == nil {
			all = append(all, "no "+name)
		}
	}
	for name, value := range document {
		if rule := rules[name]; rule == nil || !rule(value) {
			all = append(all, "odd "+name)
		}
	}
	if begin, ok := document["start_time"].(float64); ok && document["end_time"].(float64) < begin {
		all = append(all, "it ends before it begins")
	}
	return all
}

// summary is a document in a few words.
func summary(document map[string]any) string {
	words := []string{document["aws"].(map[string]any)["operation"].(string)}
	if h, ok := document["http"].(map[string]any); ok {
		status, _ := json.Marshal(h["response"].(map[string]any)["status"])
		words = append(words, string(status))
	}
	for _, flag := range []string{"error", "throttle", "fault"} {
		if document[flag] == true {
			words = append(words, flag)
		}
	}
	if c, ok := document["cause"].(map[string]any); ok {
		if kind, _ := c["exceptions"].([]any)[0].(map[string]any)["type"].(string); kind != "UnknownError" {
			words = append(words, kind)
		}
	}
	return strings.Join(words, " ")
}
