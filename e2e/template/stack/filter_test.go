package stack_test

import (
	"testing"

	"coatcheck/e2e/template/stack"
)

func TestPasses(t *testing.T) {
	const record = `{"eventName":"MODIFY","dynamodb":{"Keys":{"pk":{"S":"account#1"}},"NewImage":{"endedAt":{"N":"1"}}}}`
	for pattern, want := range map[string]bool{
		`{}`: true, `{"eventName":["MODIFY"]}`: true, `{"eventName":["INSERT","MODIFY"]}`: true, `{"eventName":["INSERT"]}`: false,
		`{"dynamodb":{"NewImage":{"endedAt":{"N":[{"exists":true}]}}}}`:                      true,
		`{"dynamodb":{"OldImage":{"endedAt":{"N":[{"exists":true}]}}}}`:                      false,
		`{"dynamodb":{"NewImage":{"endedAt":{"N":[{"exists":false}]}}}}`:                     false,
		`{"dynamodb":{"NewImage":{"endedAt":[{"exists":true}]}}}`:                            false, // no leaf
		`{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"account#"}]}}}}`:                         true,
		`{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"name#"}]}}}}`:                            false,
		`{"eventName":["MODIFY"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"name#"},"x"]}}}}`: false,
	} {
		if got, err := stack.Passes(pattern, []byte(record)); got != want || err != nil {
			t.Errorf("%s: %t, %v, want %t", pattern, got, err, want)
		}
	}
	for _, pattern := range []string{`{`, `{"eventName":"MODIFY"}`, `{"eventName":[{"anything-but":"x"}]}`, `{"eventName":[1]}`} {
		if got, err := stack.Passes(pattern, []byte(record)); err == nil {
			t.Errorf("%s: %t", pattern, got)
		}
	}
	if _, err := stack.Passes(`{}`, []byte(`{`)); err == nil {
		t.Error("a record that is none passed")
	}
}
