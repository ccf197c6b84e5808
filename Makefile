# Everything needs Go and make alone, unless it says otherwise. GOARCH=amd64 builds for the other kind of Lambda.
GOARCH ?= arm64
DIST ?= dist
CONFIG ?= cutline.yaml
FILES ?= $(wildcard $(dir $(CONFIG))look)
ADDR ?= 127.0.0.1:8787
FUNCTIONS = webhook render post desk
# Small: no HTTP/2, which nobody needs whom we speak to, and nothing inlined in packages (SMALL) that wait for others, or work once
SMALL = github.com/aws/... go.yaml.in/... crypto/tls net/... encoding/json encoding/xml log/... fmt os time math/big
BUILD = go build -trimpath -tags lambda.norpc,nethttpomithttp2 $(SMALL:%=-gcflags=%=-l) -ldflags '-s -w' -o $@
export CGO_ENABLED = 0
help: ## list these targets
	@sed -n 's/^\([a-z0-9 -]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: bin/cutline ## start everything on ./data, send it the samples, say where the desk is
	bin/cutline serve --data data --sample sample --addr $(ADDR)
%/cutline: FORCE
	$(BUILD) ./functions/local
test: ## all tests that need nothing but Go
	go vet ./... && go test ./...

e2e: crash ## tests with programs of other projects (brought by .ci/install and Go) and long ones
	.ci/install && CUTLINE_E2E=1 go test -count=1 -timeout 30m -skip 'TestKilled' ./...
crash: ## 200 stories while the process is killed at random
	CUTLINE_E2E=1 go test -count=1 -timeout 20m -v -run 'TestKilled' ./internal/e2e

bench: ## how fast each part is, what a function's memory brings, and at last one table of the whole
	CUTLINE_E2E=1 go test -run '^$$' -timeout 40m -bench . -benchmem ./internal/jpeg ./internal/photo ./internal/typeset ./internal/card ./internal/render ./internal/post ./internal/desk ./internal/e2e
goldens: ## draw the cards that tests compare with anew
	go test ./internal/gallery -run Golden -update

build: $(FUNCTIONS:%=$(DIST)/%/bootstrap) ## the functions for Lambda in dist/, each with $(CONFIG), if it is there, and $(FILES), its folder look/
$(DIST)/%/bootstrap: FORCE
	rm -rf $(@D) && GOOS=linux GOARCH=$(GOARCH) $(BUILD) ./functions/$*
	if [ -f $(CONFIG) ]; then cp $(CONFIG) $(@D)/cutline.yaml; fi; $(if $(FILES),cp -R $(FILES) $(@D)/)
build-%: FORCE # what sam build calls for a function of the template
	$(MAKE) $(DIST)/$(shell echo $* | tr A-Z a-z)/bootstrap && cp -R $(DIST)/$(shell echo $* | tr A-Z a-z)/. $(ARTIFACTS_DIR)
fonts-cjk fonts-emoji: ## font packs too large for the program, into CUTLINE_FONTS or bin/fonts
	fonts/fetch.sh $(@:fonts-%=%)
.PHONY: fonts-cjk fonts-emoji help run test e2e crash bench goldens build FORCE
