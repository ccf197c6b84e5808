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

func TestChangingTheLanguageKeepsWhereToGo(t *testing.T) {
	d := openStaffed(t)
	w := d.as("", "/signin?to=%2Fwall%3Fday%3D1%26x%3D2", nil)
	if want := `href="?to=%2fwall%3fday%3d1%26x%3d2&amp;lang=ckb"`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("%s is not on the page", want)
	}
}
