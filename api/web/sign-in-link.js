// One click on the link is enough. Without scripts, the button is there.
document.getElementById('link').submit();
