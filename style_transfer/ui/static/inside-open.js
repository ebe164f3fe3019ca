// The last of the scripts of "Inside": by now all tabs can be shown.
if (!openAddress()) chooseTab(tabs[0].dataset.tab);
