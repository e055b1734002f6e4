"""What is made of the course to be published: the site, JupyterLite, Colab copies, a hub for a class."""
