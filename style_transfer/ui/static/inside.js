// The view "Inside": a drawer with tabs, each of which has an address of its own behind the "#".
// The scripts that fill the tabs follow in the same function, and use what is declared here.
const drawer = element.querySelector("details");
const tabs = [...drawer.querySelectorAll("[role=tab]")];
const panels = tabs.map((tab) => drawer.querySelector(`#${tab.getAttribute("aria-controls")}`));
const ADDRESS = "inside"; // #inside=matrix
const addressParts = []; // functions that return what else the address names
const shownInside = []; // functions to call when another tab is shown, or the drawer opened or shut

const inside = {
  get isOpen() {
    return drawer.open && element.isConnected;
  },
  get tab() {
    return tabs.find((tab) => tab.getAttribute("aria-selected") === "true").dataset.tab;
  },
};

function chooseTab(name, focus = false) {
  const wanted = tabs.find((tab) => tab.dataset.tab === name) ?? tabs[0];
  tabs.forEach((tab, index) => {
    tab.setAttribute("aria-selected", tab === wanted);
    tab.tabIndex = tab === wanted ? 0 : -1;
    panels[index].hidden = tab !== wanted;
  });
  if (focus) wanted.focus();
  wanted.scrollIntoView({ block: "nearest", inline: "nearest" });
  tellShown();
}

function tellShown() {
  const { pathname, search } = location;
  const named = new URLSearchParams({ [ADDRESS]: inside.tab });
  for (const parts of addressParts)
    for (const [name, value] of new URLSearchParams(parts())) named.set(name, value);
  named.set(ADDRESS, inside.tab);
  if (inside.isOpen) history.replaceState(history.state, "", `${pathname}${search}#${named}`);
  else if (location.hash.startsWith(`#${ADDRESS}`)) history.replaceState(history.state, "", pathname + search);
  for (const tell of shownInside) tell();
}

// Three digits, as numbers of any size are read; "−" as long as "+".
const digits = (value) => {
  if (!Number.isFinite(value)) return "–";
  const short = Number(value.toPrecision(3));
  const size = Math.abs(short);
  const text = short !== 0 && (size < 0.001 || size >= 1e6) ? short.toExponential(2) : `${short}`;
  return text.split("-").join("−");
};

function make(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

tabs.forEach((tab, index) => {
  tab.addEventListener("click", () => chooseTab(tab.dataset.tab));
  tab.addEventListener("keydown", (event) => {
    const last = tabs.length - 1;
    const places = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: last };
    if (!(event.key in places)) return;
    event.preventDefault();
    chooseTab(tabs[(places[event.key] + tabs.length) % tabs.length].dataset.tab, true);
  });
});
drawer.addEventListener("toggle", tellShown);
