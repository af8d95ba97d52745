# Everything is in dev.py, which runs without make too: python3 dev.py app
.PHONY: app test check nightly setup viewer lock
app test check nightly setup viewer lock:
	@python3 dev.py $@
