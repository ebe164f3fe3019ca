// The last of the scripts of "Inside": by now all tabs can be shown.
function openAddress() {
  const named = new URLSearchParams(location.hash.slice(1));
  if (!named.has(ADDRESS)) return false;
  drawer.open = true;
  const layer = named.get("layer");
  if ([...layerChoice.options].some((option) => option.value === layer)) layerChoice.value = layer;
  chooseTab(named.get(ADDRESS));
  if (named.has("stop")) goToStop(Number(named.get("stop")));
  element.scrollIntoView({ block: "start" });
  return true;
}

window.addEventListener("hashchange", openAddress);
if (!openAddress()) chooseTab(tabs[0].dataset.tab);
