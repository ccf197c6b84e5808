package desk

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSigningOutEverywhereIsKept(t *testing.T) {
	d := open(t)
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, httptest.NewRequest("POST", "/signout?everywhere=1", nil))
	out, err := d.store.SignedOut(context.Background())
	if _, page, _ := d.get("/keys"); !strings.Contains(page, "/staff/signout") {
		t.Error("an admin of every site cannot sign others out")
	}
	if w.Code != 303 || w.Header().Get("Location") != "/signin" || err != nil || !out.People["desk"].Equal(noon) {
		t.Errorf("%d %+v %v", w.Code, out, err)
	}
}
