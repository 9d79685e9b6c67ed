// Shows one anywidget on a NiceGUI page: the front-end model of anywidget, over NiceGUI's socket.
const modules = new Map(), styles = new Set();

function load(source) {
  if (!modules.has(source)) {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    modules.set(source, import(address).finally(() => URL.revokeObjectURL(address)));
  }
  return modules.get(source);
}

function style(source) {
  if (styles.has(source)) return;
  styles.add(source);
  document.head.append(Object.assign(document.createElement("style"), { textContent: source }));
}

export default {
  template: "<div></div>",
  props: { esm: String, css: String, state: Object },
  async mounted() {
    const values = JSON.parse(JSON.stringify(this.state)), listeners = new Map(), changed = new Set();
    const heard = (event) => listeners.get(event) ?? listeners.set(event, new Set()).get(event);
    const fire = (name) => [...heard(`change:${name}`)].forEach((listener) => listener());
    const model = {
      get: (name) => values[name],
      set: (name, value) => { values[name] = value; changed.add(name); fire(name); },
      save_changes: () => {
        this.$emit("widget_up", { set: Object.fromEntries([...changed].map((name) => [name, values[name]])) });
        changed.clear();
      },
      on: (event, listener) => heard(event).add(listener),
      off: (event, listener) => heard(event).delete(listener),
    };
    this.take = (state) => {
      Object.assign(values, state);
      Object.keys(state).forEach(fire);
    };
    style(this.css);
    const widget = (await load(this.esm)).default;
    this.end = await widget.render({ model, el: this.$el });
    this.$emit("widget_up", { ready: true }); // ask for what has changed since the page was made
  },
  unmounted() { this.end?.(); },
  methods: {
    down(state) { this.take?.(state); return true; },
  },
};
