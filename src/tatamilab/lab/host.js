// Shows one anywidget on a NiceGUI page: the front-end model of anywidget, over NiceGUI's socket.
const modules = new Map(), styles = new Set(), parts = new Map();
let listening = false;

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

// Lets the part of this number take what is sent to it.
function listen(number, part) {
  if (!listening) {
    listening = true;
    window.socket.on("down", (message) => parts.get(message.part)?.take(message));
    window.socket.io.on("reconnect", () => { for (const each of parts.values()) each.ready(); });
  }
  parts.set(number, part);
}

export default {
  template: "<div></div>",
  props: { esm: String, css: String, number: Number, state: Object },
  async mounted() {
    const values = JSON.parse(JSON.stringify(this.state)), taken = new Map(), listeners = new Map(), changed = new Set();
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
    // What comes once more, as after a lost connection, has not changed.
    const take = ({ state, sent }) => {
      const news = Object.entries(state).filter(([name, text]) => taken.get(name) !== text);
      for (const [name, text] of news) { taken.set(name, text); values[name] = JSON.parse(text); }
      for (const [name] of news) fire(name);
      this.$emit("widget_up", { heard: sent });
    };
    const ready = () => this.$emit("widget_up", { ready: true }); // asks for all as it is now
    style(this.css);
    const widget = (await load(this.esm)).default;
    this.end = await widget.render({ model, el: this.$el });
    listen(this.number, { take, ready });
    ready();
  },
  unmounted() {
    parts.delete(this.number);
    this.end?.();
  },
};
